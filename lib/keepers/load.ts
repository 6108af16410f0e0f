let loading: Promise<typeof import("./lazy.js")> | undefined;

/** One promise for all who ask, so that they go on in the order in which they have asked. */
export function loadKeepers(): Promise<typeof import("./lazy.js")> {
  loading ??= import("./lazy.js");
  return loading;
}
