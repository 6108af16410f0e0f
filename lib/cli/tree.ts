import { listProcesses, type ProcessFacts } from "../binding.js";
import { ExitCode } from "./exit-code.js";
import { lookAt, type Borrowed } from "./guest.js";
import { painted, print } from "./terminal.js";
import { plain, sizeOf } from "./text.js";
import { nameOf, stateOf } from "./view.js";

/** The parent of those whose parent is hidden from us. */
const NONE = 0;

type Children = Map<number, ProcessFacts[]>;

function childrenOf(processes: ProcessFacts[]): Children {
  const children: Children = new Map();
  for (const it of processes) {
    const parent = it.parentPid ?? NONE;
    children.set(parent, [...(children.get(parent) ?? []), it]);
  }
  return children;
}

/** Where an entry's processes hang: itself, or the members of its group that are left. */
function rootsOf(entry: Borrowed, processes: ProcessFacts[]): ProcessFacts[] {
  if (entry.verdict === "same") return processes.filter((it) => it.pid === entry.standsFor);
  if (entry.verdict !== "group") return [];
  const members = processes.filter((it) => it.group === entry.standsFor);
  return members.filter((it) => !members.some((other) => other.pid === it.parentPid));
}

/** Per cent of one processor since it started. */
function cpuOf(it: ProcessFacts, nowMs: number): string {
  const livedMs = Math.max(1, nowMs - it.startedAt);
  return `${Math.round((100 * it.cpuMs) / livedMs)}%`;
}

function printBranch(it: ProcessFacts, children: Children, depth: number, nowMs: number): void {
  const facts = `${it.pid}  ${cpuOf(it, nowMs)} cpu  ${sizeOf(it.residentBytes)}`;
  print(`${"  ".repeat(depth)}${facts}  ${plain(it.command, 80)}\n`);
  for (const child of children.get(it.pid) ?? []) printBranch(child, children, depth + 1, nowMs);
}

export function tree(pidFile: string): number {
  const { entries } = lookAt(pidFile);
  const processes = listProcesses();
  const children = childrenOf(processes);
  const nowMs = Date.now();
  if (entries.length === 0) print("no entries\n");
  for (const entry of entries) {
    print(`${painted("bold", nameOf(entry))}  ${plain(entry.cwd, 60)}  ${stateOf(entry)}\n`);
    for (const root of rootsOf(entry, processes)) printBranch(root, children, 1, nowMs);
  }
  return ExitCode.ok;
}
