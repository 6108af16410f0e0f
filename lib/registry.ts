import type { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { clearInterval, setInterval } from "node:timers";
import {
  checkedAbort,
  checkedFlag,
  checkedWriter,
  GRACE_DEFAULT_MS,
  graceOf,
  namesOf,
} from "./arguments.js";
import { type Host, type Listener, type NativeRegistry, Registry } from "./binding.js";
import { Board } from "./board.js";
import { Children, willTell } from "./children.js";
import { failure } from "./failure.js";
import { isUnsafeTestHome } from "./guard.js";
import { loadKeepers } from "./keepers/load.js";
import { resolvePidFile } from "./pid-path.js";
import { say, traces } from "./reports.js";
import type {
  HeadlessEventName,
  HeadlessEvents,
  HeadlessExit,
  HeadlessLink,
  HeadlessListener,
  HeadlessPidRegistry,
  HeadlessPidRegistryOptions,
  HeadlessSnapshot,
  HeadlessWarning,
  HeadlessWarningCode,
  KeeperRegisterOptions,
  KeeperWriter,
  ShutdownOptions,
  TerminateOptions,
  TerminateOutcome,
  TerminateResult,
  TerminateTarget,
} from "./types.js";

/** The real ones, for a timer without end: a test's faked clock would run it for ever. */
const [setRealInterval, clearRealInterval] = [setInterval, clearInterval];
const LOOK_MS = 1000;

/** Of a registry that nobody else can reach any more the timer must not be what keeps it. */
function lookEachSecond(registry: WeakRef<NativeRegistry>): NodeJS.Timeout {
  const look = (): void => {
    const native = registry.deref();
    if (native) native.lookAtOwners();
    else clearRealInterval(timer);
  };
  const timer = setRealInterval(look, LOOK_MS).unref();
  return timer;
}

/** Those that owe an answer: who waits for it need not hold the registry too. */
const awaited = new Set<HeadlessRegistry>();

/** An error of a listener is its owner's: it must not stop the registry halfway. */
function callSafely(call: () => void): void {
  try {
    call();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

function describe(text: string, pid: number, file: string): string {
  return [text, pid ? `pid ${pid}` : "", file].filter(Boolean).join(": ");
}

type SignalName = NonNullable<TerminateOptions["signal"]>;
type FoundKeeper = Awaited<ReturnType<KeeperWriter["discoverExistingKeepers"]>>[number];

/** Session ids, tokens and pids of entries that have ended, the latest of them. */
class Names {
  static readonly most = 1000;
  readonly #names = new Set<string | number>();

  add({ sessionId, spawnToken, pid }: HeadlessExit): void {
    for (const name of [sessionId, spawnToken, pid]) if (name !== undefined) this.#names.add(name);
    for (const oldest of this.#names) {
      if (this.#names.size <= Names.most) break;
      this.#names.delete(oldest);
    }
  }

  has(name: string | number | undefined): boolean {
    return name !== undefined && this.#names.has(name);
  }
}

const METHODS: Record<keyof HeadlessPidRegistry, true> = {
  spawnEnv: true,
  register: true,
  linkByToken: true,
  linkByPid: true,
  linkSession: true,
  getPid: true,
  killBySessionId: true,
  killByToken: true,
  terminate: true,
  shutdown: true,
  remove: true,
  killAll: true,
  size: true,
  cleanupOrphans: true,
  writeRpc: true,
  cleanupKeeperOrphans: true,
  setKeeperWriter: true,
  entries: true,
  on: true,
  once: true,
  off: true,
  removeListener: true,
  close: true,
  [Symbol.dispose]: true,
};

/** A plain object with bound methods, as the original's: it can be spread and passed around. */
function bind(registry: HeadlessRegistry): HeadlessPidRegistry {
  const face: Partial<Record<keyof HeadlessPidRegistry, unknown>> = {};
  for (const name of Reflect.ownKeys(METHODS) as Array<keyof HeadlessPidRegistry>)
    face[name] = registry[name].bind(registry);
  return face as unknown as HeadlessPidRegistry;
}

/** The shim: the original's signatures over the native registry. */
export class HeadlessRegistry {
  /** What callers get. */
  readonly face: HeadlessPidRegistry;
  readonly #native: NativeRegistry;
  readonly #file: string;
  readonly #board: Board;
  readonly #children: Children;
  readonly #ended = new Names();
  readonly #emitter = new EventEmitter();
  #timer: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  #registering = false;
  readonly #graceMs: number;
  readonly #tree: boolean;
  readonly #requests = new Map<number, (result: TerminateResult) => void>();
  #nextRequest = 0;
  readonly #adoptsKeepers: boolean;
  readonly #unproved = new Set<string>();
  #writer: KeeperWriter | null;
  #closed = false;
  /** Whether a test run without a home of its own is to be kept from the file. */
  readonly #guarded: boolean;

  constructor(options: HeadlessPidRegistryOptions) {
    const file = resolvePidFile(options.pidFilePath, "pidFilePath");
    this.#file = file;
    this.#guarded =
      checkedFlag(options.guard, "guard", true) && file === resolvePidFile(undefined, "");
    this.#graceMs = graceOf(options.killGraceMs, GRACE_DEFAULT_MS, "killGraceMs");
    this.#writer = checkedWriter(options.keeperManager, "keeperManager");
    this.#adoptsKeepers = checkedFlag(options.adoptKeepers, "adoptKeepers");
    this.#tree = checkedFlag(options.tree, "tree");
    this.#native = new Registry(file, this.#graceMs, this.#host(), false, this.#tree);
    this.#board = new Board(this.#native.board);
    this.#children = new Children(this.#native);
    this.#emitter.setMaxListeners(0); // a server may listen once for each session
    this.face = bind(this);
  }

  /** What the core asks of us. */
  #host(): Host {
    return {
      failure,
      // At call time, so that faked timers are used by those who fake them.
      wakeIn: (delayMs) => {
        clearTimeout(this.#timer);
        if (delayMs < 0) return;
        this.#timer = setTimeout(() => this.#native.timerFired(), delayMs);
        this.#timer.unref?.();
      },
      lookEachSecond: () => (this.#looking = lookEachSecond(new WeakRef(this.#native))),
      statusWanted: (ticket) => this.#children.tellStatus(ticket),
      exited: (exit, ticket) => {
        this.#children.forget(ticket);
        this.#ended.add(exit);
        if (this.#registering) process.nextTick(() => this.#tellExit(exit));
        else this.#tellExit(exit);
      },
      warned: (code, text, pid, file) =>
        this.#warn({ code: code as HeadlessWarningCode, message: describe(text, pid, file) }),
      signalled: (pid, signal, code) => {
        if (traces.signal.isWanted) this.#traceSignal(pid, signal as SignalName, code);
      },
      terminated: (request, outcome, entry) => this.#answer(request, outcome, entry),
    };
  }

  #tellExit(exit: HeadlessExit): void {
    if (traces.exit.isWanted) traces.exit.publish({ registry: this.face, exit });
    this.#emit("exit", exit);
  }

  /** One by one, so that a listener that throws does not silence the others. */
  #emit(event: keyof HeadlessEvents, payload: HeadlessExit | HeadlessWarning): void {
    for (const listener of this.#emitter.rawListeners(event))
      callSafely(() => listener.call(this.face, payload));
  }

  #traceSignal(pid: number, signal: SignalName, code: string): void {
    const delivered = code === "";
    traces.signal.publish({
      registry: this.face,
      pid,
      signal,
      delivered,
      ...(!delivered && { code }),
    });
  }

  #traceLink(sessionId: string, by: HeadlessLink | ""): boolean {
    if (by !== "" && traces.link.isWanted) {
      const pid = this.#native.getPid(sessionId);
      traces.link.publish({
        registry: this.face,
        sessionId,
        ...(pid !== undefined && { pid }),
        by,
      });
    }
    return by !== "";
  }

  #warn(warning: HeadlessWarning): void {
    if (traces.warning.isWanted) traces.warning.publish({ registry: this.face, warning });
    if (this.#emitter.listenerCount("warning") > 0) this.#emit("warning", warning);
    else callSafely(() => say(`${warning.message} (${warning.code})`));
  }

  #stopAwaiting(request: number): ((result: TerminateResult) => void) | undefined {
    const resolve = this.#requests.get(request);
    this.#requests.delete(request);
    if (this.#requests.size === 0) {
      awaited.delete(this);
      this.#native.keepAlive(false);
    }
    return resolve;
  }

  #await(request: number, answer: (result: TerminateResult) => void): void {
    this.#requests.set(request, answer);
    awaited.add(this);
    this.#native.keepAlive(true);
  }

  #answer(
    request: number,
    outcome: TerminateOutcome,
    entry: Partial<HeadlessExit> & { processes?: number },
  ): void {
    const { pid, sessionId, code, signal, processes } = entry;
    const result = {
      outcome,
      ...(pid !== undefined && { pid }),
      ...(sessionId !== undefined && { sessionId }),
      ...(code !== undefined && { code }),
      ...(signal !== undefined && { signal }),
      ...(processes !== undefined && { processes }),
    };
    this.#stopAwaiting(request)?.(result);
  }

  /** The guard of a test run without a home of its own; says so and answers true. */
  #isBlocked(method: string): boolean {
    if (!this.#guarded || !isUnsafeTestHome()) return false;
    const message = `${method}() did nothing, because vitest runs with the real home folder; set HOME or pidFilePath`;
    this.#warn({ code: "HPR_EGUARD", message });
    return true;
  }

  spawnEnv(spawnToken: string): Record<string, string> {
    this.#native.announce(spawnToken);
    return {
      PI_DASHBOARD_SPAWN_TOKEN: spawnToken,
      HEADLESS_PID_MARK: `${spawnToken}@${this.#file}`,
    };
  }

  register(
    pid: number,
    cwd: string,
    proc: ChildProcess,
    spawnToken?: string,
    keeperOpts?: KeeperRegisterOptions,
  ): void {
    if (typeof proc?.on !== "function")
      throw failure("ERR_INVALID_ARG_TYPE", "proc must be a ChildProcess");
    this.#registering = true;
    try {
      const ticket = this.#native.register(
        pid,
        cwd,
        spawnToken,
        keeperOpts?.keeperPid,
        keeperOpts?.keeperSockPath,
        willTell(proc, pid),
      );
      this.#children.add(proc, pid, ticket);
    } finally {
      this.#registering = false;
    }
    if (traces.register.isWanted)
      traces.register.publish({ registry: this.face, pid, cwd, ...keeperOpts });
  }

  linkByToken(spawnToken: string, sessionId: string, pid?: number): boolean {
    if (!this.#board.mayHaveToken(spawnToken)) return false;
    return this.#traceLink(sessionId, this.#native.linkByToken(spawnToken, sessionId, pid));
  }

  linkByPid(sessionId: string, pid: number): boolean {
    return this.#traceLink(sessionId, this.#native.linkByPid(sessionId, pid));
  }

  linkSession(sessionId: string, cwd: string): boolean {
    return this.#traceLink(sessionId, this.#native.linkSession(sessionId, cwd));
  }

  getPid(sessionId: string): number | undefined {
    const known = this.#board.pidOf(sessionId);
    if (known !== undefined || !this.#board.mayHaveSession(sessionId)) return known;
    const pid = this.#native.getPid(sessionId);
    if (pid !== undefined) this.#board.rememberPid(sessionId, pid);
    return pid;
  }

  killBySessionId(sessionId: string): boolean {
    return this.#native.killBySessionId(sessionId);
  }

  killByToken(spawnToken: string): boolean {
    return this.#native.killByToken(spawnToken);
  }

  async terminate(
    target: TerminateTarget,
    options: TerminateOptions = {},
  ): Promise<TerminateResult> {
    if (typeof options !== "object")
      throw failure("ERR_INVALID_ARG_TYPE", "options must be an object");
    const { session, token, pid } = namesOf(target);
    const graceMs = graceOf(options.graceMs, this.#graceMs, "graceMs");
    const tree = checkedFlag(options.tree, "tree", this.#tree);
    const abort = checkedAbort(options.abort);
    const remembered = this.#ended.has(session ?? token ?? pid);
    const request = this.#nextRequest++;
    return new Promise((resolve, reject) => {
      const stopWaiting = (): void => {
        this.#stopAwaiting(request);
        reject(abort?.reason);
      };
      this.#await(request, (result) => {
        abort?.removeEventListener("abort", stopWaiting);
        resolve(
          result.outcome === "not-found" && remembered ? { outcome: "already-gone" } : result,
        );
      });
      try {
        const signal = options.signal ?? "SIGTERM";
        this.#native.terminate(request, signal, graceMs, session, token, pid, tree);
      } catch (error) {
        this.#stopAwaiting(request);
        reject(error);
        return;
      }
      if (abort?.aborted) stopWaiting();
      else abort?.addEventListener("abort", stopWaiting, { once: true });
    });
  }

  async shutdown(options: ShutdownOptions = {}): Promise<TerminateResult[]> {
    if (typeof options !== "object")
      throw failure("ERR_INVALID_ARG_TYPE", "options must be an object");
    const graceMs = graceOf(options.graceMs, this.#graceMs, "graceMs");
    const tree = checkedFlag(options.tree, "tree", this.#tree);
    const first = this.#nextRequest;
    const results: Array<Promise<TerminateResult>> = [];
    // One promise for each entry there may be: answers may come before the call returns.
    for (const _ of this.#native.entries()) {
      const request = this.#nextRequest++;
      results.push(new Promise((resolve) => this.#await(request, resolve)));
    }
    const count = this.#native.shutdown(first, graceMs, tree);
    for (let request = first + count; request < this.#nextRequest; request++)
      this.#stopAwaiting(request);
    const answers = await Promise.all(results.slice(0, count));
    this.close();
    return answers;
  }

  remove(pid: number): void {
    this.#native.remove(pid);
  }

  killAll(): void {
    if (!this.#isBlocked("killAll")) this.#native.killAll();
  }

  size(): number {
    return this.#board.size ?? this.#native.size();
  }

  cleanupOrphans(): void {
    if (!this.#isBlocked("cleanupOrphans")) this.#native.cleanupOrphans();
  }

  async writeRpc(sessionId: string, line: string): Promise<boolean> {
    try {
      const file = this.#closed ? undefined : this.#native.socketOf(sessionId);
      if (!file || !this.#writer) return false;
      return Boolean(await this.#writer.writeRpcToSockPath(file, line));
    } catch {
      return false;
    }
  }

  async cleanupKeeperOrphans(): Promise<void> {
    if (this.#isBlocked("cleanupKeeperOrphans") || !this.#writer || this.#closed) return;
    try {
      const keepers = [...(await this.#writer.discoverExistingKeepers())];
      const looks = keepers.map((keeper) => this.#listenerOf(keeper));
      for (const [i, keeper] of keepers.entries()) this.#attach(keeper, await looks[i]);
    } catch (error) {
      this.#warnOfKeepers(error);
    }
  }

  /** Never rejects. What is no keeper listens nowhere, and is refused when it is attached. */
  async #listenerOf(keeper: FoundKeeper): Promise<Listener | undefined> {
    try {
      const { checkName, lookAt, lookOf } = await loadKeepers();
      const look = lookOf(keeper);
      if (look) return look.listener;
      const { keeperPid, sockPath, recordedAt } = keeper;
      if (!this.#native.wantsListener(keeperPid, this.#adoptsKeepers)) return undefined;
      checkName(sockPath);
      return (await lookAt(sockPath, recordedAt)).listener;
    } catch {
      return undefined;
    }
  }

  /** One keeper that does not fit must not hide the others. */
  #attach(keeper: FoundKeeper, listener: Listener | undefined): void {
    if (this.#closed) return;
    try {
      const { keeperPid, sockPath, cwd = "", recordedAt, startedAt, piPid } = keeper;
      const identity = listener?.pid === keeperPid ? listener.identity : undefined;
      const attached = this.#native.attachKeeper(keeperPid, sockPath, piPid, identity);
      if (!attached) this.#warnOfListener(keeperPid, sockPath);
      if (!this.#adoptsKeepers) return;
      this.#native.adoptKeeper(keeperPid, sockPath, cwd, recordedAt, startedAt, piPid, identity);
    } catch (error) {
      this.#warnOfKeepers(error);
    }
  }

  /** Once for each, however often keepers are looked for. */
  #warnOfListener(pid: number, file: string): void {
    const message = describe(
      "nobody can tell that this process listens on the keeper's socket, so it is not attached",
      pid,
      file,
    );
    if (this.#unproved.has(message)) return;
    this.#unproved.add(message);
    this.#warn({ code: "HPR_EUNKNOWN", message });
  }

  #warnOfKeepers(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.#warn({ code: "HPR_EINVAL", message: `a keeper could not be attached: ${text}` });
  }

  setKeeperWriter(writer: KeeperWriter | null): void {
    this.#native.size(); // throws if closed
    this.#writer = checkedWriter(writer);
  }

  entries(): HeadlessSnapshot[] {
    return this.#native.entries();
  }

  on<E extends HeadlessEventName>(event: E, listener: HeadlessListener<E>): HeadlessPidRegistry {
    this.#emitter.on(this.#named(event), listener);
    return this.face;
  }

  once<E extends HeadlessEventName>(event: E, listener: HeadlessListener<E>): HeadlessPidRegistry {
    this.#emitter.once(this.#named(event), listener);
    return this.face;
  }

  off<E extends HeadlessEventName>(event: E, listener: HeadlessListener<E>): HeadlessPidRegistry {
    this.#emitter.off(this.#named(event), listener);
    return this.face;
  }

  removeListener<E extends HeadlessEventName>(
    event: E,
    listener: HeadlessListener<E>,
  ): HeadlessPidRegistry {
    return this.off(event, listener);
  }

  #named(event: HeadlessEventName): HeadlessEventName {
    this.#native.size(); // throws if closed
    if (event !== "exit" && event !== "warning" && event !== "error")
      throw failure(
        "ERR_INVALID_ARG_TYPE",
        `there is no event ${String(event)}: exit and warning are all`,
      );
    return event;
  }

  close(): void {
    this.#closed = true;
    this.#board.close();
    this.#native.close();
    this.#children.close();
    clearTimeout(this.#timer);
    clearRealInterval(this.#looking);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
