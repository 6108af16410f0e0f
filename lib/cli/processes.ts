import type { ProcessFacts } from "../binding.js";
import type { Borrowed } from "./guest.js";
import { native } from "./native.js";

/** What an entry's processes use, all together. */
export interface Usage {
  /** Of the process that the entry stands for, or of one that is left of its group. */
  command: string;
  /** Per cent of one processor. */
  cpuPercent: number;
  residentBytes: number;
}

function grouped<Key>(all: ProcessFacts[], keyOf: (it: ProcessFacts) => Key) {
  const groups = new Map<Key, ProcessFacts[]>();
  for (const it of all) {
    const group = groups.get(keyOf(it));
    if (group) group.push(it);
    else groups.set(keyOf(it), [it]);
  }
  return groups;
}

/** Where the system shows none, there are none. */
function listed(): ProcessFacts[] {
  try {
    return native().listProcesses();
  } catch {
    return [];
  }
}

/** The system's processes at one moment. No proof of who they are: the verdict on an entry is. */
export class Processes {
  readonly #byPid;
  readonly #children;
  readonly #groups;
  readonly #before: Processes | undefined;
  readonly atMs = Date.now();

  /** `before`: an earlier look, since when the use of the processor is told. */
  constructor(before?: Processes, all = listed()) {
    this.#byPid = new Map(all.map((it) => [it.pid, it]));
    this.#children = grouped(all, (it) => it.parentPid);
    this.#groups = grouped(all, (it) => it.group);
    this.#before = before;
  }

  get(pid: number): ProcessFacts | undefined {
    return this.#byPid.get(pid);
  }

  all(): Iterable<ProcessFacts> {
    return this.#byPid.values();
  }

  childrenOf(pid: number): readonly ProcessFacts[] {
    return this.#children.get(pid) ?? [];
  }

  groupOf(pid: number): readonly ProcessFacts[] {
    return this.#groups.get(pid) ?? [];
  }

  /** Where an entry's processes hang: itself, or the members of its group that are left. */
  rootsOf({ verdict, standsFor }: Borrowed): readonly ProcessFacts[] {
    const itself = this.get(standsFor);
    if (verdict === "same") return itself ? [itself] : [];
    if (verdict !== "group") return [];
    const members = this.groupOf(standsFor);
    return members.filter((it) => !members.some((other) => other.pid === it.parentPid));
  }

  /** An entry's processes and all that descends from them. */
  membersOf(entry: Borrowed): ProcessFacts[] {
    const found = new Set(this.rootsOf(entry));
    for (const it of found) for (const child of this.childrenOf(it.pid)) found.add(child);
    return [...found];
  }

  /** Our own ancestors' and our own. */
  line(): Set<number> {
    const pids = new Set<number>();
    let pid: number | undefined = process.pid;
    while (pid !== undefined && !pids.has(pid)) {
      pids.add(pid);
      pid = this.get(pid)?.parentPid;
    }
    return pids;
  }

  /** Since the look before, else since it started; 0: it was not there then. */
  cpuPercentOf(it: ProcessFacts): number {
    const then = this.#before?.get(it.pid);
    const known = then && Math.abs(then.startedAt - it.startedAt) < 100 ? then : undefined;
    const sinceMs = known && this.#before ? this.#before.atMs : it.startedAt;
    const usedMs = it.cpuMs - (known?.cpuMs ?? 0);
    return Math.max(0, (100 * usedMs) / Math.max(1, this.atMs - sinceMs));
  }

  usageOf(entry: Borrowed): Usage | undefined {
    const members = this.membersOf(entry);
    if (members.length === 0) return undefined;
    const sum = (of: (it: ProcessFacts) => number) => members.reduce((all, it) => all + of(it), 0);
    return {
      command: members[0].command,
      cpuPercent: sum((it) => this.cpuPercentOf(it)),
      residentBytes: sum((it) => it.residentBytes),
    };
  }
}
