import type { Borrowed } from "./guest.js";
import { painted } from "./terminal.js";
import { ageOf, plain, table } from "./text.js";

/** One word for what an entry's process is; `--help` of list explains them. */
export function stateOf(entry: Borrowed): string {
  if (entry.verdict === "same") return entry.state === "terminating" ? "ending" : "running";
  return entry.verdict;
}

const HEAD = ["SESSION", "PID", "PI", "KEEPER", "FOLDER", "AGE", "STATE", "OWNER"];
const STATE = HEAD.indexOf("STATE");
const numberOf = (pid: number | undefined): string => (pid === undefined ? "-" : String(pid));

const rowOf = (entry: Borrowed, nowMs: number): string[] => [
  entry.sessionId ? plain(entry.sessionId, 40) : "-",
  numberOf(entry.pid),
  numberOf(entry.piPid),
  numberOf(entry.keeperPid),
  plain(entry.cwd, 60),
  ageOf(entry.spawnedAt, nowMs),
  stateOf(entry),
  entry.ownerPid === undefined ? "unnamed" : `${entry.ownerPid} ${entry.owner}`,
];

function paint(cell: string, column: number): string {
  if (column !== STATE) return cell;
  if (cell === "running") return painted("green", cell);
  return painted(cell === "stranger" ? "red" : "yellow", cell);
}

export const tableOf = (entries: readonly Borrowed[], nowMs: number): string =>
  table([HEAD, ...entries.map((entry) => rowOf(entry, nowMs))], paint);

/** A few words for a question or a result. */
export const nameOf = (entry: Borrowed): string =>
  entry.sessionId
    ? `session ${plain(entry.sessionId, 40)} (pid ${entry.standsFor})`
    : `pid ${entry.standsFor}`;
