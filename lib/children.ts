import type { ChildProcess } from "node:child_process";
import type { NativeRegistry } from "./binding.js";

let childProcess: typeof import("node:child_process") | undefined;

/** False for the emitters that stand for one in unit tests. */
export function isChildProcess(proc: ChildProcess): boolean {
  // Not before there is a child, whose making has loaded it: it is half of what requiring us costs.
  childProcess ??= require("node:child_process") as typeof import("node:child_process");
  return proc instanceof childProcess.ChildProcess;
}

/** True if `exit` is sure to come, with a status: from a child of ours that has not sent it yet. */
export function willTell(proc: ChildProcess, pid: number): boolean {
  return isChildProcess(proc) && proc.pid === pid && !hasExited(proc);
}

/** A ChildProcess says so by its properties; other emitters have none. */
export function hasExited(proc: ChildProcess): boolean {
  return typeof proc.exitCode === "number" || typeof proc.signalCode === "string";
}

/** What stands for a child in a server's unit tests may have no other method than `on`. */
type Emitter = Pick<ChildProcess, "on"> &
  Partial<Pick<ChildProcess, "off" | "listeners" | "getMaxListeners" | "setMaxListeners">>;

/** Our listener is not among those of which Node warns the server: its limit grows by one for it. */
function changeLimit(proc: Emitter, by: 1 | -1): void {
  const limit = proc.getMaxListeners?.() ?? 0;
  if (limit > 0) proc.setMaxListeners?.(Math.max(limit + by, 1)); // 0 is no limit
}

interface Registered {
  /** By pid: an emitter of a unit test may stand for several. */
  tickets: Map<number, number>;
  listener: (code: number | null, signal: NodeJS.Signals | null) => void;
}

/** The emitters that tell how registered processes ended: one listener for each. */
export class Children {
  readonly #native: NativeRegistry;
  readonly #registered = new Map<ChildProcess, Registered>();
  readonly #byTicket = new Map<number, ChildProcess>();
  #toldThisTurn = false;

  constructor(native: NativeRegistry) {
    this.#native = native;
  }

  add(proc: ChildProcess, pid: number, ticket: number): void {
    const emitter: Emitter = proc;
    let it = this.#registered.get(proc);
    const isNew = !it;
    if (!it) {
      it = { tickets: new Map(), listener: (code, signal) => this.#exited(proc, code, signal) };
      this.#registered.set(proc, it);
      changeLimit(proc, 1);
    }
    const replaced = it.tickets.get(pid);
    if (replaced !== undefined) this.#byTicket.delete(replaced);
    it.tickets.set(pid, ticket);
    this.#byTicket.set(ticket, proc);
    // Asked each time: the server may have taken all listeners away.
    const hears = emitter.listeners?.("exit").includes(it.listener) ?? !isNew;
    if (!hears) proc.on("exit", it.listener);
    if (hasExited(proc)) this.#exited(proc, proc.exitCode, proc.signalCode);
  }

  /** The entry of that ticket is gone: nobody waits for its emitter any more. */
  forget(ticket: number): void {
    const proc = this.#byTicket.get(ticket);
    const it = proc && this.#registered.get(proc);
    this.#byTicket.delete(ticket);
    if (!proc || !it) return;
    for (const [pid, own] of it.tickets) if (own === ticket) it.tickets.delete(pid);
    if (it.tickets.size === 0) this.#release(proc, it);
  }

  /** The native watch has seen an exit of which the child's own event is late. */
  tellStatus(ticket: number): void {
    const proc = this.#byTicket.get(ticket);
    if (proc && hasExited(proc)) {
      this.#tell(ticket, proc.exitCode, proc.signalCode);
      return;
    }
    // One more turn of the loop: after a long block timers come before the news of children.
    setImmediate(() => this.#tell(ticket, proc?.exitCode ?? null, proc?.signalCode ?? null));
  }

  close(): void {
    for (const [proc, it] of this.#registered) this.#release(proc, it);
    this.#byTicket.clear();
  }

  #exited(proc: ChildProcess, code: number | null, signal: string | null): void {
    const it = this.#registered.get(proc);
    if (!it) return;
    this.#release(proc, it);
    for (const ticket of it.tickets.values()) {
      this.#byTicket.delete(ticket);
      this.#tell(ticket, code, signal);
    }
  }

  #release(proc: ChildProcess, it: Registered): void {
    (proc as Emitter).off?.("exit", it.listener);
    changeLimit(proc, -1);
    this.#registered.delete(proc);
  }

  /** The first of a turn of the loop is in the file at once, the others at the turn's end. */
  #tell(ticket: number, code: number | null, signal: string | null): void {
    const mayWait = this.#toldThisTurn;
    if (!mayWait) {
      this.#toldThisTurn = true;
      setImmediate(() => {
        this.#toldThisTurn = false;
        this.#native.flush();
      }).unref();
    }
    this.#native.childExited(ticket, code, signal, mayWait);
  }
}
