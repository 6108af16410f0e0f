/** Milliseconds on a clock that all processes of a machine share and nobody sets. */
export function monotonicMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}
