import type { HeadlessExit } from "./types.js";

/**
 * Lets `leftovers` count those who carry the session's mark, too. That takes a look at all processes,
 * which nobody pays for who does not read it.
 *
 * @param marked how many carry a token; `undefined`: it cannot be asked any more
 */
export function withLeftovers(
  exit: HeadlessExit,
  marked: (token: string) => number | undefined,
): HeadlessExit {
  const { spawnToken, leftovers: inGroups = 0 } = exit;
  if (spawnToken === undefined) return exit;
  let count: number | undefined;
  return Object.defineProperty(exit, "leftovers", {
    enumerable: true,
    configurable: true,
    get() {
      count ??= Math.max(inGroups, marked(spawnToken) ?? 0);
      return count > 0 ? count : undefined;
    },
  });
}
