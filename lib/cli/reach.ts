import type { Borrowed } from "./guest.js";
import type { Processes } from "./processes.js";

/** What a kill would signal. The registry proves each again before it does. */
export interface Reach {
  kind: "group" | "process" | "none";
  /** Why nothing would be signalled. */
  reason?: string;
  pids: number[];
}

const none = (reason: string): Reach => ({ kind: "none", reason, pids: [] });

export function reachOf(entry: Borrowed, processes: Processes): Reach {
  const { verdict, standsFor } = entry;
  if (verdict !== "same" && verdict !== "group") return none("nothing of it is provably there");
  if (!entry.canEnd) return none("another entry of the file has the same PID");
  if (!entry.kin) return none("it was no relative of its server when it was registered");
  const ours = processes.line();
  const group = processes.groupOf(standsFor);
  const leads =
    group.length > 0 && (verdict === "group" || group.some((it) => it.pid === standsFor));
  const members = leads ? group : processes.membersOf(entry);
  const pids = members.map((it) => it.pid);
  if (pids.some((pid) => ours.has(pid))) return none("this very command runs in it");
  return { kind: leads ? "group" : "process", pids };
}

export function reachText({ kind, reason, pids }: Reach, { standsFor }: Borrowed): string {
  if (kind === "none") return `nothing: ${reason}`;
  const others = pids.filter((pid) => pid !== standsFor);
  const more = others.length > 0 ? `: ${[standsFor, ...others].join(", ")}` : "";
  if (kind === "group") return `the process group ${standsFor}${more}`;
  return others.length > 0
    ? `the process and its descendants${more}`
    : `the process ${standsFor} alone`;
}
