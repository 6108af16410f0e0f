import { setTimeout as pause } from "node:timers/promises";
import { printResults, type Result } from "./ending.js";
import { ExitCode } from "./exit-code.js";
import { isThere } from "./filter.js";
import { type Borrowed, lookAt } from "./guest.js";
import type { Options } from "./options.js";
import { candidates, isGone } from "./targets.js";
import { complain, print } from "./terminal.js";
import { plain } from "./text.js";
import { nameOf } from "./view.js";

const EACH_MS = 100;
/** Looking takes at most so much of a processor. */
const SHARE = 20;

/** The same entry in a later look; its number may have passed on since. */
const isIt = (a: Borrowed, b: Borrowed): boolean => a.pid === b.pid && a.spawnedAt === b.spawnedAt;

const isLeft = (it: Borrowed, now: readonly Borrowed[]): boolean =>
  now.some((other) => isIt(it, other) && !isGone(other));

/** Those that are left of them when all are gone, or the time is over. */
async function left(pidFile: string, all: Borrowed[], timeout = Number.POSITIVE_INFINITY) {
  const end = Date.now() + timeout;
  let due = all;
  for (;;) {
    const began = Date.now();
    const { entries } = lookAt(pidFile);
    due = due.filter((it) => isLeft(it, entries));
    const room = end - Date.now();
    if (due.length === 0 || room <= 0) return due;
    await pause(Math.min(room, Math.max(EACH_MS, SHARE * (Date.now() - began))));
  }
}

function lookUp(entries: readonly Borrowed[], target: string): Result[] {
  const found = candidates(entries, target);
  if (found.length > 0)
    return found.map((entry) => ({
      target,
      entry,
      outcome: isGone(entry) ? "already-gone" : isThere(entry) ? "lives" : "unknown",
    }));
  complain(`no such session, token or PID: ${plain(target)}`);
  return [{ target, outcome: "not-found" }];
}

const words: Partial<Record<Result["outcome"], string>> = {
  exited: "has ended",
  "already-gone": "was gone already",
  lives: "is still there",
  unknown: "cannot be told from here",
};

function exitCodeOf(results: readonly Result[]): number {
  const has = (outcome: Result["outcome"]) => results.some((it) => it.outcome === outcome);
  if (has("lives") || has("unknown")) return ExitCode.refused;
  return has("not-found") ? ExitCode.nothing : ExitCode.ok;
}

/** Waits until all that answer to the names have ended. */
export async function wait(pidFile: string, names: string[], options: Options): Promise<number> {
  const { entries } = lookAt(pidFile);
  const results = names.flatMap((name) => lookUp(entries, name));
  const due = results.flatMap(({ outcome, entry }) => (outcome === "lives" && entry ? entry : []));
  const still = await left(pidFile, due, options.timeout);
  for (const it of results)
    if (it.outcome === "lives" && it.entry && !still.includes(it.entry)) it.outcome = "exited";
  if (options.json) printResults("wait", pidFile, results, {});
  else
    for (const { entry, outcome } of results)
      if (entry) print(`${nameOf(entry)} ${words[outcome]}\n`);
  return exitCodeOf(results);
}
