/** What the program answers to its caller; documented in docs/operations.md and in `--help`. */
export const ExitCode = {
  ok: 0,
  /** `kill`: no such entry, or it is gone already. `doctor`: something is wrong. */
  nothing: 1,
  usage: 2,
  /** Not ours to signal, ambiguous, not confirmed, or still alive after SIGKILL. */
  refused: 3,
  /** The pid file cannot or must not be read or written. */
  file: 4,
} as const;
