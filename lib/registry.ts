import { withLeftovers } from "./leftovers.js";
import type { ChildProcess } from "node:child_process";
import { clearInterval, setInterval } from "node:timers";
import { Answers } from "./answers.js";
import {
  ageOf,
  checkedAbort,
  checkedFlag,
  checkedOptions,
  checkedOrphans,
  checkedWriter,
  GRACE_DEFAULT_MS,
  graceOf,
  namesOf,
  REGISTRY_OPTIONS,
  SHUTDOWN_OPTIONS,
  TERMINATE_OPTIONS,
} from "./arguments.js";
import { finishAtExit, isExiting, isLastWrite } from "./at-exit.js";
import { auditor } from "./audit.js";
import { type Host, type NativeRegistry, Registry } from "./binding.js";
import { Board } from "./board.js";
import { Children, willTell } from "./children.js";
import { Events } from "./events.js";
import { faceOf } from "./face.js";
import { failure } from "./failure.js";
import { withFields } from "./fields.js";
import { isUnsafeTestHome } from "./guard.js";
import { Reconciler } from "./keepers/reconcile.js";
import { resolveAuditFile, resolvePidFile } from "./pid-path.js";
import { registrationOf } from "./registration.js";
import { describe, traces } from "./reports.js";
import type {
  HeadlessEventName,
  HeadlessLink,
  HeadlessListener,
  HeadlessPidRegistry,
  HeadlessPidRegistryOptions,
  HeadlessSignal,
  HeadlessSnapshot,
  HeadlessStats,
  HeadlessWarning,
  HeadlessWarningCode,
  KeeperRegisterOptions,
  KeeperWriter,
  RegisterOptions,
  ShutdownOptions,
  TerminateOptions,
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

/** The shim: the original's signatures over the native registry. */
export class HeadlessRegistry implements HeadlessPidRegistry {
  /** What callers get. */
  readonly face: HeadlessPidRegistry;
  readonly #native: NativeRegistry;
  readonly #file: string;
  readonly #board: Board;
  readonly #children: Children;
  readonly #events: Events;
  readonly #answers: Answers;
  readonly #keepers: Reconciler;
  readonly #graceMs: number;
  readonly #tree: boolean;
  /** Whether a test run without a home of its own is to be kept from the file. */
  readonly #guarded: boolean;
  #writer: KeeperWriter | null;
  #timer: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  readonly #forgetExit: () => void;
  #registering = false;
  #closed = false;

  constructor(given: HeadlessPidRegistryOptions) {
    this.face = faceOf(this);
    this.#events = new Events(this.face);
    const options = checkedOptions(given, REGISTRY_OPTIONS, this.#events);
    const file = resolvePidFile(options.pidFilePath, "pidFilePath");
    this.#file = file;
    this.#guarded =
      checkedFlag(options.guard, "guard", true) && file === resolvePidFile(undefined, "");
    this.#graceMs = graceOf(options.killGraceMs, GRACE_DEFAULT_MS, "killGraceMs");
    this.#writer = checkedWriter(options.keeperManager, "keeperManager");
    const adoptsKeepers = checkedFlag(options.adoptKeepers, "adoptKeepers");
    this.#tree = checkedFlag(options.tree, "tree");
    const auditFile = resolveAuditFile(options.auditFile, file);
    this.#native = new Registry(
      file,
      this.#graceMs,
      this.#host(auditFile),
      false,
      this.#tree,
      checkedOrphans(options.orphans) === "end",
      ageOf(options.orphanMaxAgeMs, "orphanMaxAgeMs"),
    );
    this.#forgetExit = finishAtExit(this.#native, auditFile !== null);
    this.#board = new Board(this.#native.board, () => this.#native.size());
    this.face.size = this.#board.size;
    this.#children = new Children(this.#native, () => this.#wantsExits());
    this.#answers = new Answers(this.#native, this);
    this.#keepers = new Reconciler(this.#native, adoptsKeepers, (it) => this.#events.warn(it));
  }

  /** What the core asks of us. */
  #host(auditFile: string | null): Host {
    const warn = (warning: HeadlessWarning): void => {
      if (!isLastWrite()) this.#events.warn(warning);
    };
    return {
      ...(auditFile !== null && { ended: auditor(auditFile, this.#file, warn) }),
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
      exited: (ticket) => {
        this.#children.forget(ticket);
        if (isLastWrite()) return;
        if (!this.#wantsExits()) return;
        const marked = (token: string) => this.#native.countMarked(token);
        const exit = withLeftovers(withFields(this.#native.toldExit()), marked);
        if (this.#registering) process.nextTick(() => this.#events.exit(exit));
        else this.#events.exit(exit);
      },
      warned: (code, text, pid, file) =>
        warn({
          code: code as HeadlessWarningCode,
          message: describe(text, pid, file),
        }),
      signalled: (pid, signal, code) => {
        this.#events.signalled(pid, signal as HeadlessSignal, code);
        if (isExiting()) this.#native.reportEnds();
      },
      terminated: (request, outcome, entry) => this.#answers.give(request, outcome, entry),
    };
  }

  /** Whoever registers may listen when that returns. */
  #wantsExits(): boolean {
    return this.#registering || this.#events.wantExits;
  }

  #traceLink(sessionId: string, by: HeadlessLink | ""): boolean {
    if (by !== "" && traces.link.isWanted)
      this.#events.linked(sessionId, this.#native.getPid(sessionId), by);
    return by !== "";
  }

  /** The guard of a test run without a home of its own; says so and answers true. */
  #isBlocked(method: string): boolean {
    if (!this.#guarded || !isUnsafeTestHome()) return false;
    const message = `${method}() did nothing, because vitest runs with the real home folder; set HOME or pidFilePath`;
    this.#events.warn({ code: "HPR_EGUARD", message });
    return true;
  }

  spawnEnv(spawnToken: string): Record<string, string> {
    this.#native.announce(spawnToken);
    return {
      PI_DASHBOARD_SPAWN_TOKEN: spawnToken,
      HEADLESS_PID_MARK: `${spawnToken}@${this.#file}`,
    };
  }

  register(child: ChildProcess, options: RegisterOptions): void;
  register(
    pid: number,
    cwd: string,
    proc: ChildProcess,
    spawnToken?: string,
    keeperOpts?: KeeperRegisterOptions,
    goalId?: string,
  ): void;
  register(...given: unknown[]): void {
    const it = registrationOf(given, this.#events);
    const { pid, cwd, proc, spawnToken, keeper } = it;
    this.#registering = true;
    try {
      const ticket = this.#native.register(
        pid,
        cwd,
        spawnToken,
        keeper?.keeperPid,
        keeper?.keeperSockPath,
        willTell(proc, pid),
        it.goalId,
        it.fields,
      );
      this.#children.add(proc, pid, ticket);
    } finally {
      this.#registering = false;
    }
    this.#events.registered(pid, cwd, keeper);
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

  getGoalId(sessionId: string): string | undefined {
    return this.#native.getGoalId(sessionId);
  }

  killBySessionId(sessionId: string): boolean {
    return this.#native.killBySessionId(sessionId);
  }

  killByToken(spawnToken: string): boolean {
    return this.#native.killByToken(spawnToken);
  }

  async terminate(target: TerminateTarget, given: TerminateOptions = {}): Promise<TerminateResult> {
    const options = checkedOptions(given, TERMINATE_OPTIONS, this.#events);
    const { session, token, pid } = namesOf(target);
    const signal = options.signal ?? "SIGTERM";
    const graceMs = graceOf(options.graceMs, this.#graceMs, "graceMs");
    const tree = checkedFlag(options.tree, "tree", this.#tree);
    const abort = checkedAbort(options.abort);
    return new Promise((resolve, reject) => {
      const stopWaiting = (): void => {
        this.#answers.drop(request);
        reject(abort?.reason);
      };
      const request = this.#answers.await((result) => {
        abort?.removeEventListener("abort", stopWaiting);
        resolve(result);
      });
      try {
        this.#native.terminate(request, signal, graceMs, session, token, pid, tree);
      } catch (error) {
        this.#answers.drop(request);
        reject(error);
        return;
      }
      if (abort?.aborted) stopWaiting();
      else abort?.addEventListener("abort", stopWaiting, { once: true });
    });
  }

  async shutdown(given: ShutdownOptions = {}): Promise<TerminateResult[]> {
    const options = checkedOptions(given, SHUTDOWN_OPTIONS, this.#events);
    const graceMs = graceOf(options.graceMs, this.#graceMs, "graceMs");
    const tree = checkedFlag(options.tree, "tree", this.#tree);
    const requests: number[] = [];
    // One promise for each entry there may be: answers may come before the call returns.
    const { live, terminating, remainder } = this.#native.stats().entries;
    const results = Array.from(
      { length: live + terminating + remainder },
      () => new Promise<TerminateResult>((it) => requests.push(this.#answers.await(it))),
    );
    const count = this.#native.shutdown(requests[0] ?? 0, graceMs, tree);
    for (const request of requests.slice(count)) this.#answers.drop(request);
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
    return this.#board.size();
  }

  stats(): HeadlessStats {
    return this.#native.stats();
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
    if (!this.#isBlocked("cleanupKeeperOrphans")) await this.#keepers.run(this.#writer);
  }

  setKeeperWriter(writer: KeeperWriter | null): void {
    this.#native.size(); // throws if closed
    this.#writer = checkedWriter(writer);
  }

  entries(): HeadlessSnapshot[] {
    return this.#native.entries().map(withFields);
  }

  on<E extends HeadlessEventName>(event: E, listener: HeadlessListener<E>): HeadlessPidRegistry {
    this.#native.size(); // throws if closed
    this.#events.on(event, listener);
    return this.face;
  }

  once<E extends HeadlessEventName>(event: E, listener: HeadlessListener<E>): HeadlessPidRegistry {
    this.#native.size();
    this.#events.once(event, listener);
    return this.face;
  }

  off<E extends HeadlessEventName>(event: E, listener: HeadlessListener<E>): HeadlessPidRegistry {
    this.#native.size();
    this.#events.off(event, listener);
    return this.face;
  }

  removeListener<E extends HeadlessEventName>(
    event: E,
    listener: HeadlessListener<E>,
  ): HeadlessPidRegistry {
    return this.off(event, listener);
  }

  close(): void {
    this.#closed = true;
    this.#keepers.close();
    this.#board.close();
    this.#forgetExit();
    this.#native.close();
    this.#children.close();
    clearTimeout(this.#timer);
    clearRealInterval(this.#looking);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
