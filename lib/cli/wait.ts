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

/** The same entry in a later look; its pid may have been reused since. */
const isIt = (a: Borrowed, b: Borrowed): boolean => a.pid === b.pid && a.spawnedAt === b.spawnedAt;

const isLeft = (it: Borrowed, now: readonly Borrowed[]): boolean =>
  now.some((other) => isIt(it, other) && !isGone(other));

/** Tells of each when it is gone; returns when all are, or the time is over. */
async function untilGone(
  pidFile: string,
  all: readonly Borrowed[],
  timeout: number,
  told: (gone: Borrowed) => void,
): Promise<void> {
  const end = Date.now() + timeout;
  let due = all;
  for (;;) {
    const began = Date.now();
    const { entries } = lookAt(pidFile);
    for (const it of due) if (!isLeft(it, entries)) told(it);
    due = due.filter((it) => isLeft(it, entries));
    const room = end - Date.now();
    if (due.length === 0 || room <= 0) return;
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

function say({ entry, outcome }: Result): void {
  if (entry) print(`${nameOf(entry)} ${words[outcome]}\n`);
}

/** Waits until all that answer to the names have ended. */
export async function wait(pidFile: string, names: string[], options: Options): Promise<number> {
  const { json, timeout = Number.POSITIVE_INFINITY } = options;
  const { entries } = lookAt(pidFile);
  const results = names.flatMap((name) => lookUp(entries, name));
  const tell = json ? () => {} : say;
  const isDue = ({ outcome }: Result) => outcome === "lives";
  results.filter((it) => !isDue(it)).forEach(tell);
  const due = results.flatMap((it) => (isDue(it) && it.entry ? it.entry : []));
  await untilGone(pidFile, due, timeout, (gone) => {
    for (const it of results.filter((it) => it.entry === gone)) {
      it.outcome = "exited";
      tell(it);
    }
  });
  results.filter(isDue).forEach(tell);
  if (json) printResults("wait", pidFile, results, {});
  return exitCodeOf(results);
}
