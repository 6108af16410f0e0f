import type { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { setImmediate } from "node:timers";
import { types } from "node:util";
import type { NativeRegistry } from "./binding.js";

/** The real one: a turn of the loop ends also where a unit test has faked its timers. */
const atEndOfTurn = setImmediate;

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

/** False for what may hand its listeners to another emitter, which then calls them as its own. */
function emitsItself(proc: ChildProcess): boolean {
  if (types.isProxy(proc)) return false;
  const kind: unknown = Object.getPrototypeOf(proc);
  return kind === EventEmitter.prototype || kind === childProcess?.ChildProcess.prototype;
}

type Listener = (code: number | null, signal: NodeJS.Signals | null) => void;

/** What an emitter tells of: the entry of one child, or of several where a unit test has one emitter. */
interface Told {
  readonly pid: number;
  ticket: number;
  next: Told | undefined;
}

/** The ticket that this one takes the place of; itself if it comes behind all of them. */
function replace(first: Told, pid: number, ticket: number): number {
  let it = first;
  while (it.pid !== pid && it.next) it = it.next;
  if (it.pid !== pid) it = it.next = { pid, ticket, next: undefined };
  const replaced = it.ticket;
  it.ticket = ticket;
  return replaced;
}

function without(first: Told, ticket: number): Told | undefined {
  if (first.ticket === ticket) return first.next;
  let it = first;
  while (it.next && it.next.ticket !== ticket) it = it.next;
  it.next = it.next?.next;
  return first;
}

/** The emitters that tell how registered processes ended: one listener for each. */
export class Children {
  readonly #native: NativeRegistry;
  readonly #told = new Map<ChildProcess, Told>();
  readonly #byTicket = new Map<number, ChildProcess>();
  /** One for all, as there may be ten thousand of them: `this` is the emitter. */
  readonly #listener: Listener;
  readonly #ownListeners = new WeakMap<ChildProcess, Listener>();
  #toldThisTurn = false;

  constructor(native: NativeRegistry) {
    this.#native = native;
    const children = this;
    this.#listener = function (this: ChildProcess, code, signal) {
      children.#exited(this, code, signal);
    };
  }

  add(proc: ChildProcess, pid: number, ticket: number): void {
    const first = this.#told.get(proc);
    if (first) this.#byTicket.delete(replace(first, pid, ticket));
    else this.#told.set(proc, { pid, ticket, next: undefined });
    this.#byTicket.set(ticket, proc);
    if (!first) changeLimit(proc, 1);
    // Asked each time: the server may have taken all listeners away.
    const listener = this.#listenerOf(proc);
    const hears = (proc as Emitter).listeners?.("exit")?.includes(listener) ?? first !== undefined;
    if (!hears) proc.on("exit", listener);
    if (hasExited(proc)) this.#exited(proc, proc.exitCode, proc.signalCode);
  }

  /** The entry of that ticket is gone: nobody waits for its emitter any more. */
  forget(ticket: number): void {
    const proc = this.#byTicket.get(ticket);
    const first = proc && this.#told.get(proc);
    this.#byTicket.delete(ticket);
    if (!proc || !first) return;
    const rest = without(first, ticket);
    if (rest) this.#told.set(proc, rest);
    else this.#release(proc);
  }

  /** The native watch has seen an exit of which the child's own event is late. */
  tellStatus(ticket: number): void {
    const proc = this.#byTicket.get(ticket);
    if (proc && hasExited(proc)) {
      this.#tell(ticket, proc.exitCode, proc.signalCode);
      return;
    }
    // One more turn of the loop: after a long block timers come before the news of children.
    atEndOfTurn(() => this.#tell(ticket, proc?.exitCode ?? null, proc?.signalCode ?? null));
  }

  close(): void {
    for (const proc of this.#told.keys()) this.#release(proc);
    this.#byTicket.clear();
  }

  #exited(proc: ChildProcess, code: number | null, signal: string | null): void {
    const first = this.#told.get(proc);
    if (!first) return;
    this.#release(proc);
    for (let it: Told | undefined = first; it; it = it.next) {
      this.#byTicket.delete(it.ticket);
      this.#tell(it.ticket, code, signal);
    }
  }

  #listenerOf(proc: ChildProcess): Listener {
    if (emitsItself(proc)) return this.#listener;
    const own = this.#ownListeners.get(proc);
    const listener: Listener = own ?? ((code, signal) => this.#exited(proc, code, signal));
    if (!own) this.#ownListeners.set(proc, listener);
    return listener;
  }

  #release(proc: ChildProcess): void {
    (proc as Emitter).off?.("exit", this.#listenerOf(proc));
    changeLimit(proc, -1);
    this.#told.delete(proc);
  }

  /** The first of a turn of the loop is in the file at once, the others at the turn's end. */
  #tell(ticket: number, code: number | null, signal: string | null): void {
    const mayWait = this.#toldThisTurn;
    if (!mayWait) {
      this.#toldThisTurn = true;
      atEndOfTurn(() => {
        this.#toldThisTurn = false;
        this.#native.flush();
      }).unref();
    }
    this.#native.childExited(ticket, code, signal, mayWait);
  }
}
