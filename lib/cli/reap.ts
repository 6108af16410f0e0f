import { codeOf, endAll, isEndable, printResults, type Result, tidy } from "./ending.js";
import { ExitCode } from "./exit-code.js";
import { type Borrowed, Guest } from "./guest.js";
import { listedJson } from "./json.js";
import type { Options } from "./options.js";
import { Processes } from "./processes.js";
import { isConfirmed, print, widthOfTerminal } from "./terminal.js";
import { durationText } from "./text.js";
import { linesOf } from "./view.js";

const isOrphan = (entry: Borrowed, tree?: boolean): boolean =>
  entry.owner === "gone" && entry.kin && isEndable(entry, tree);

const isOld = ({ spawnedAt }: Borrowed, nowMs: number, olderThanMs: number): boolean =>
  spawnedAt !== undefined && nowMs - spawnedAt >= olderThanMs;

function youngerText(younger: number, olderThanMs: number): string {
  const are = younger === 1 ? "1 orphan is" : `${younger} orphans are`;
  return `${are} younger than ${durationText(olderThanMs)}, and left alone\n`;
}

/** Those that are due are shown; whether they are to be ended. */
async function isWanted(due: Borrowed[], younger: number, options: Options): Promise<boolean> {
  const processes = new Processes();
  const listed = due.map((entry) => ({ entry, usage: processes.usageOf(entry) }));
  if (!options.json) {
    const lines = linesOf(listed, processes.atMs, widthOfTerminal());
    print(due.length > 0 ? `${lines.join("\n")}\n` : "no orphans\n");
    if (younger > 0) print(youngerText(younger, options.olderThan));
  }
  if (options.dryRun || due.length === 0) return false;
  return isConfirmed(options.yes, due.length === 1 ? "End it?" : `End these ${due.length}?`);
}

async function reapWith(guest: Guest, pidFile: string, options: Options): Promise<number> {
  const say = options.json ? () => {} : print;
  const nowMs = Date.now();
  const orphans = guest.look().entries.filter((it) => isOrphan(it, options.tree));
  const due = orphans.filter((it) => isOld(it, nowMs, options.olderThan));
  const younger = orphans.length - due.length;
  const wanted = await isWanted(due, younger, options);
  const refused = !wanted && !options.dryRun && due.length > 0;
  const results: Result[] = wanted
    ? await endAll(guest, due, options, say)
    : due.map((entry) => ({ outcome: "not-confirmed", entry }));
  const dropped = options.dryRun || refused ? 0 : tidy(guest, say);
  const more = { dryRun: options.dryRun ?? false, younger, dropped };
  if (options.json && options.dryRun)
    printResults("reap", pidFile, [], { ...more, due: due.map((entry) => listedJson({ entry })) });
  else if (options.json) printResults("reap", pidFile, results, { ...more, due: [] });
  return refused ? ExitCode.refused : options.dryRun ? ExitCode.ok : codeOf(results);
}

/** Ends the processes whose server is gone. */
export async function reap(pidFile: string, options: Options): Promise<number> {
  const guest = new Guest(pidFile, "reap");
  try {
    return await reapWith(guest, pidFile, { ...options, signal: "SIGTERM" });
  } finally {
    guest.close();
  }
}
