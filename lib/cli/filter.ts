import path from "node:path";
import type { Options } from "./options.js";
import { type Listed, stateOf } from "./view.js";

const textOf = (text: string | undefined): string => text ?? "";

/** Each order of `--sort`; CPU and memory begin with the largest, age with the oldest. */
const orders = {
  session: (a: Listed, b: Listed) =>
    textOf(a.entry.sessionId).localeCompare(textOf(b.entry.sessionId)),
  pid: (a: Listed, b: Listed) => a.entry.pid - b.entry.pid,
  state: (a: Listed, b: Listed) => stateOf(a.entry).localeCompare(stateOf(b.entry)),
  owner: (a: Listed, b: Listed) => (a.entry.ownerPid ?? 0) - (b.entry.ownerPid ?? 0),
  age: (a: Listed, b: Listed) => (a.entry.spawnedAt ?? 0) - (b.entry.spawnedAt ?? 0),
  cpu: (a: Listed, b: Listed) => (b.usage?.cpuPercent ?? -1) - (a.usage?.cpuPercent ?? -1),
  mem: (a: Listed, b: Listed) => (b.usage?.residentBytes ?? -1) - (a.usage?.residentBytes ?? -1),
  folder: (a: Listed, b: Listed) => a.entry.cwd.localeCompare(b.entry.cwd),
};

export type SortKey = keyof typeof orders;
export const SORT_KEYS = Object.keys(orders) as SortKey[];

/** Its processes are provably there. */
export const isThere = ({ verdict }: Listed["entry"]): boolean =>
  verdict === "same" || verdict === "group";

const isOrphan = ({ entry }: Listed): boolean => isThere(entry) && entry.owner === "gone";

/** By the text alone: an entry's folder may be on a dead mount. */
function isWithin(folder: string, outer: string): boolean {
  const way = path.relative(path.resolve(outer), folder);
  return way === "" || !(way === ".." || way.startsWith(`..${path.sep}`) || path.isAbsolute(way));
}

/** Those that were asked for, in the order that was; without one in that of the file. */
export function selected(all: Listed[], { orphans, session, cwd, sort }: Options): Listed[] {
  const chosen = all.filter(
    (it) =>
      (!orphans || isOrphan(it)) &&
      (session === undefined || textOf(it.entry.sessionId).startsWith(session)) &&
      (cwd === undefined || isWithin(it.entry.cwd, cwd)),
  );
  return sort ? chosen.sort(orders[sort]) : chosen;
}
