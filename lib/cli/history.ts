import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import type { HeadlessAuditLine } from "../types.js";
import { auditFileOfUser, type Borrowed } from "./guest.js";

export interface Event {
  /** ISO 8601. */
  at: string;
  event: string;
}

interface Ending {
  signal?: unknown;
  graceMs?: unknown;
  beganBootMs?: unknown;
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

function endingOf({ signal, graceMs, beganBootMs, sent = [] }: Ending): Event[] {
  if (typeof beganBootMs !== "number") return [];
  const agoMs = uptime() * 1000 - beganBootMs; // which counts the time asleep, too
  const at = new Date(Date.now() - agoMs).toISOString();
  const whom = sent.length === 1 ? "1 process" : `${sent.length} processes`;
  const kill = typeof graceMs === "number" && graceMs >= 0 ? `after ${graceMs} ms` : "never";
  return [{ at, event: `asked to end: ${signal} to ${whom}, SIGKILL ${kill}` }];
}

const NEWEST = 10;

/** Of the lines of an audit file those about that process or session. */
function endsOf(file: string | undefined, { pid, sessionId }: Borrowed): Event[] {
  const lines = file ? textOf(file).split("\n") : [];
  const told = lines.flatMap((line): Event[] => {
    try {
      const it = JSON.parse(line) as Partial<HeadlessAuditLine>;
      const isIts = it.pid === pid || (sessionId !== undefined && it.sessionId === sessionId);
      if (!isIts || typeof it.time !== "string" || Number.isNaN(Date.parse(it.time))) return [];
      const by = `by process ${it.by?.pid}`;
      return [
        { at: it.time, event: `PID ${it.pid}: ${it.why} ${by}, ${it.signal}: ${it.outcome}` },
      ];
    } catch {
      return []; // a line that is being written, or none of ours
    }
  });
  return told.slice(-NEWEST);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // nothing was brought about yet
  }
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
  events.push(...endsOf(auditFileOfUser(), entry));
  return events.sort((a, b) => a.at.localeCompare(b.at));
}
