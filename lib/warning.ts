/** Before whatever the package says on the console. */
export const PREFIX = "[headless-pid-registry]";

/** Why a socket is not written to, or a folder not looked at. */
export class Refusal extends Error {
  constructor(
    readonly code: "HPR_EINVAL" | "HPR_EUNSAFE",
    message: string,
  ) {
    super(message);
  }
}
