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

/** In a ticket the lower bits are the place of its entry among all that there are (core/index.h). */
const PLACES = 2 ** 20;
const placeOf = (ticket: number): number => ticket % PLACES;

/** The emitters that tell how registered processes ended: one listener for each. */
export class Children {
  readonly #native: NativeRegistry;
  /** Whether anybody listens for exits at this moment. */
  readonly #wantsExits: () => boolean;
  /** The ticket of its entry; of several by their pids, where a unit test has one emitter for all. */
  readonly #tickets = new WeakMap<ChildProcess, number | Map<number, number>>();
  /** By the place of the entry. */
  readonly #procs: Array<ChildProcess | undefined> = [];
  /** One for all, as there may be ten thousand of them: `this` is the emitter. */
  readonly #listener: Listener;
  readonly #ownListeners = new WeakMap<ChildProcess, Listener>();
  #toldThisTurn = false;

  constructor(native: NativeRegistry, wantsExits: () => boolean) {
    this.#native = native;
    this.#wantsExits = wantsExits;
    const children = this;
    this.#listener = function (this: ChildProcess, code, signal) {
      children.#exited(this, code, signal);
    };
  }

  add(proc: ChildProcess, pid: number, ticket: number): void {
    this.#vacate(placeOf(ticket)); // an entry that was removed may have had it
    const known = this.#tickets.get(proc);
    if (known === undefined) {
      this.#tickets.set(proc, ticket);
      changeLimit(proc, 1);
    } else {
      this.#addTo(proc, known, pid, ticket);
    }
    this.#procs[placeOf(ticket)] = proc;
    // Asked each time: the server may have taken all listeners away.
    const listener = this.#listenerOf(proc);
    const hears = (proc as Emitter).listeners?.("exit")?.includes(listener) ?? known !== undefined;
    if (!hears) proc.on("exit", listener);
    if (hasExited(proc)) this.#exited(proc, proc.exitCode, proc.signalCode);
  }

  /** It takes the place of the one that the emitter had for that pid. */
  #addTo(proc: ChildProcess, known: number | Map<number, number>, pid: number, ticket: number) {
    const tickets =
      known instanceof Map ? known : new Map([[this.#native.registeredPid(known) ?? pid, known]]);
    const replaced = tickets.get(pid);
    if (replaced !== undefined) this.#procs[placeOf(replaced)] = undefined;
    tickets.set(pid, ticket);
    this.#tickets.set(proc, tickets);
  }

  /** The entry of that ticket is gone: nobody waits for its emitter any more. */
  forget(ticket: number): void {
    const proc = this.#procs[placeOf(ticket)];
    if (proc && this.#ticketsOf(proc).includes(ticket)) this.#vacate(placeOf(ticket));
  }

  #ticketsOf(proc: ChildProcess): number[] {
    const known = this.#tickets.get(proc);
    if (known === undefined) return [];
    return known instanceof Map ? [...known.values()] : [known];
  }

  #vacate(place: number): void {
    const proc = this.#procs[place];
    const known = proc && this.#tickets.get(proc);
    if (!proc) return;
    this.#procs[place] = undefined;
    if (known instanceof Map)
      for (const [pid, ticket] of known) if (placeOf(ticket) === place) known.delete(pid);
    if (!(known instanceof Map) || known.size === 0) this.#release(proc);
  }

  /** The native watch has seen an exit of which the child's own event is late. */
  tellStatus(ticket: number): void {
    const proc = this.#procs[placeOf(ticket)];
    // One more turn of the loop: after a long block timers come before the news of children.
    if (proc && hasExited(proc)) this.#tellOf(proc, ticket);
    else atEndOfTurn(() => this.#tellOf(proc, ticket));
  }

  /** Nobody waits for its emitter any more. */
  #tellOf(proc: ChildProcess | undefined, ticket: number): void {
    this.#tell(ticket, proc?.exitCode ?? null, proc?.signalCode ?? null);
    this.forget(ticket);
  }

  close(): void {
    for (const proc of this.#procs) if (proc) this.#release(proc);
  }

  #exited(proc: ChildProcess, code: number | null, signal: string | null): void {
    const tickets = this.#ticketsOf(proc);
    this.#release(proc);
    for (const ticket of tickets) this.#tell(ticket, code, signal);
  }

  #listenerOf(proc: ChildProcess): Listener {
    if (emitsItself(proc)) return this.#listener;
    const own = this.#ownListeners.get(proc);
    const listener: Listener = own ?? ((code, signal) => this.#exited(proc, code, signal));
    if (!own) this.#ownListeners.set(proc, listener);
    return listener;
  }

  #release(proc: ChildProcess): void {
    for (const ticket of this.#ticketsOf(proc)) this.#procs[placeOf(ticket)] = undefined;
    if (!this.#tickets.delete(proc)) return;
    (proc as Emitter).off?.("exit", this.#listenerOf(proc));
    changeLimit(proc, -1);
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
    this.#native.childExited(ticket, code, signal, mayWait, !this.#wantsExits());
  }
}
