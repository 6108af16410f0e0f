import { ExitCode } from "./exit-code.js";
import type { Borrowed, Ending, Guest, Manner } from "./guest.js";
import { entryJson, printJson } from "./json.js";
import { complain, print } from "./terminal.js";
import { plain } from "./text.js";
import { nameOf } from "./view.js";

/** What became of one that was to be ended. */
export interface Result {
  /** How the caller named it. */
  target?: string;
  outcome: Ending | "ambiguous" | "not-confirmed";
  entry?: Borrowed;
}

const results: Record<Ending, string> = {
  exited: "ended",
  killed: "killed, because it did not end by itself",
  "already-gone": "was gone already",
  "not-ours": "is not ours to signal",
  "not-found": "is not in the file any more",
  unknown: "cannot be proved ours",
  lives: "was signalled and is still alive",
};

const DONE: readonly Result["outcome"][] = ["exited", "killed", "already-gone"];

/** With `tree` what is left of one that has gone itself can be ended, too. */
export const isEndable = ({ canEnd, leftovers }: Borrowed, tree = false): boolean =>
  canEnd || (tree && leftovers > 0);

/** The exit code that says the worst of it. */
export const codeOf = (all: readonly Result[]): number =>
  all.every(({ outcome }) => DONE.includes(outcome)) ? ExitCode.ok : ExitCode.refused;

/** Ends them all at once, and says of each how. */
export async function endAll(
  guest: Guest,
  entries: readonly Borrowed[],
  manner: Manner,
  say = print,
): Promise<Result[]> {
  const ends = entries.map(async (entry) => ({ entry, outcome: await guest.end(entry, manner) }));
  const all = await Promise.all(ends);
  for (const { entry, outcome } of all) say(`${nameOf(entry)}: ${results[outcome]}\n`);
  return all;
}

/** Drops from the file what is gone; how many. */
export function tidy(guest: Guest, say = print): number {
  const dropped = guest.tidy();
  if (dropped > 0) say(`dropped from the file: ${dropped}\n`);
  for (const warning of guest.warnings) complain(plain(warning));
  return dropped;
}

const resultJson = ({ target, outcome, entry }: Result): object => ({
  target,
  outcome,
  entry: entry && entryJson(entry),
});

export const printResults = (
  command: string,
  pidFile: string,
  all: readonly Result[],
  more: object,
): void => printJson(command, { pidFile, results: all.map(resultJson), ...more }, 2);
