import type { Borrowed } from "./guest.js";
import type { Usage } from "./processes.js";
import { type Column, table } from "./table.js";
import { painted } from "./terminal.js";
import { ageOf, plain } from "./text.js";

/** An entry as it is listed. */
export interface Listed {
  entry: Borrowed;
  usage?: Usage;
}

/** One word for what an entry's process is; `--help` of list explains them. */
export function stateOf({ verdict, state }: Borrowed): string {
  if (verdict === "group") return state === "terminating" ? state : "remainder";
  return verdict === "same" ? state : verdict;
}

function paintState(state: string): string {
  if (state === "live") return painted("green", state);
  return painted(state === "stranger" ? "red" : "yellow", state);
}

const NONE = "-";
const numberOf = (pid: number | undefined): string => (pid === undefined ? NONE : String(pid));

export const percentOf = (percent: number): string =>
  `${percent < 9.95 ? percent.toFixed(1) : Math.round(percent)}%`;

function shortSizeOf(bytes: number): string {
  const units = ["K", "M", "G", "T"];
  let size = bytes / 1024;
  while (size >= 999.5 && units.length > 1) {
    size /= 1024;
    units.shift();
  }
  return `${size < 9.95 ? size.toFixed(1) : Math.round(size)}${units[0]}`;
}

const ownerOf = ({ ownerPid, owner }: Borrowed): string =>
  ownerPid === undefined ? "unnamed" : `${ownerPid} ${owner}`;

const columnsAt = (nowMs: number): Column<Listed>[] => [
  {
    title: "SESSION",
    text: ({ entry }) => (entry.sessionId ? plain(entry.sessionId) : NONE),
    cut: "end",
  },
  { title: "PID", text: ({ entry }) => String(entry.pid), right: true },
  { title: "AGENT", text: ({ entry }) => numberOf(entry.piPid ?? entry.agentPid), right: true },
  { title: "STATE", text: ({ entry }) => stateOf(entry), paint: paintState },
  { title: "OWNER", text: ({ entry }) => ownerOf(entry) },
  { title: "AGE", text: ({ entry }) => ageOf(entry.spawnedAt, nowMs), right: true },
  { title: "CPU", text: ({ usage }) => (usage ? percentOf(usage.cpuPercent) : NONE), right: true },
  {
    title: "MEM",
    text: ({ usage }) => (usage ? shortSizeOf(usage.residentBytes) : NONE),
    right: true,
  },
  { title: "FOLDER", text: ({ entry }) => plain(entry.cwd) || NONE, cut: "start" },
  { title: "COMMAND", text: ({ usage }) => plain(usage?.command ?? "") || NONE, cut: "end" },
];

const OPTIONAL = ["AGENT", "OWNER", "COMMAND", "MEM", "CPU", "AGE"];

const hasAgent = ({ entry }: Listed): boolean => (entry.piPid ?? entry.agentPid) !== undefined;

/** A title and a line for each entry; on a terminal (`width`) nothing that says nothing. */
export function linesOf(listed: readonly Listed[], nowMs: number, width?: number): string[] {
  const isShown = ({ title }: Column<Listed>) =>
    title !== "AGENT" || width === undefined || listed.some(hasAgent);
  return table(columnsAt(nowMs).filter(isShown), listed, width, OPTIONAL);
}

/** A few words for a question or a result. */
export const nameOf = (entry: Borrowed): string =>
  entry.sessionId
    ? `session ${plain(entry.sessionId, 40)} (pid ${entry.standsFor})`
    : `pid ${entry.standsFor}`;
