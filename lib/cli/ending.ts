import { ExitCode } from "./exit-code.js";
import type { Borrowed, Ending, Guest } from "./guest.js";
import { complain, print } from "./terminal.js";
import { plain } from "./text.js";
import { nameOf } from "./view.js";

const results: Record<Ending, string> = {
  exited: "ended",
  killed: "killed, because it did not end by itself",
  "already-gone": "was gone already",
  "not-ours": "is not ours to signal",
  "not-found": "is not in the file any more",
  unknown: "cannot be told to be ours",
  lives: "was signalled and is still alive",
};

const isDone = (ending: Ending): boolean => ["exited", "killed", "already-gone"].includes(ending);

/** Ends them all at once, says of each how, and drops from the file what is gone. */
export async function endAll(
  guest: Guest,
  entries: readonly Borrowed[],
  tree: boolean,
): Promise<number> {
  const endings = await Promise.all(entries.map((entry) => guest.end(entry, tree)));
  entries.forEach((entry, at) => print(`${nameOf(entry)}: ${results[endings[at]]}\n`));
  tidy(guest);
  return endings.every(isDone) ? ExitCode.ok : ExitCode.refused;
}

export function tidy(guest: Guest): void {
  const dropped = guest.tidy();
  if (dropped > 0) print(`dropped from the file: ${dropped}\n`);
  for (const warning of guest.warnings) complain(plain(warning));
}
