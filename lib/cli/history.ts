import { readFileSync } from "node:fs";
import type { Borrowed } from "./guest.js";

export interface Event {
  /** ISO 8601. */
  at: string;
  event: string;
}

interface Ending {
  signal?: unknown;
  graceMs?: unknown;
  began?: unknown;
  sent?: unknown[];
}

/** What the file says beside what a look tells; for people, so anything strange is left out. */
function rowOf(pidFile: string, pid: number): { ending?: Ending; foreignSince?: unknown } {
  try {
    const { entries } = JSON.parse(readFileSync(pidFile, "utf8"));
    return entries.find((it: { pid?: unknown } | null) => it?.pid === pid) ?? {};
  } catch {
    return {};
  }
}

const clockMs = (): number => Number(process.hrtime.bigint() / 1_000_000n);

function endingOf({ signal, graceMs, began, sent = [] }: Ending): Event[] {
  if (typeof began !== "number") return [];
  const at = new Date(Date.now() - (clockMs() - began)).toISOString();
  const whom = sent.length === 1 ? "1 process" : `${sent.length} processes`;
  const kill = typeof graceMs === "number" && graceMs >= 0 ? `after ${graceMs} ms` : "never";
  return [{ at, event: `asked to end: ${signal} to ${whom}, SIGKILL ${kill}` }];
}

/** What is known of an entry's past, the oldest first. */
export function historyOf(pidFile: string, entry: Borrowed): Event[] {
  const { ending, foreignSince } = rowOf(pidFile, entry.pid);
  const events: Event[] = [];
  if (entry.spawnedAt !== undefined)
    events.push({ at: new Date(entry.spawnedAt).toISOString(), event: "registered" });
  if (typeof foreignSince === "string" && !Number.isNaN(Date.parse(foreignSince)))
    events.push({ at: foreignSince, event: "seen to be elsewhere, without a living owner" });
  if (ending) events.push(...endingOf(ending));
  return events.sort((a, b) => a.at.localeCompare(b.at));
}
