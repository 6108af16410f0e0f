import { EventEmitter } from "node:events";
import { failure } from "./failure.js";
import { print, traces, warnProcess } from "./reports.js";
import type {
  HeadlessEventName,
  HeadlessEvents,
  HeadlessExit,
  HeadlessLink,
  HeadlessListener,
  HeadlessPidRegistry,
  HeadlessSignal,
  HeadlessWarning,
} from "./types.js";

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

/** What a registry tells: to its listeners, to diagnostics channels, and to the process. */
export class Events {
  readonly #emitter = new EventEmitter();
  readonly #registry: HeadlessPidRegistry;

  /** @param registry what listeners get as `this`, and subscribers as `registry` */
  constructor(registry: HeadlessPidRegistry) {
    this.#registry = registry;
    this.#emitter.setMaxListeners(0); // a server may listen once for each session
  }

  on<E extends HeadlessEventName>(event: E, listener: HeadlessListener<E>): void {
    this.#emitter.on(checkedName(event), listener);
  }

  once<E extends HeadlessEventName>(event: E, listener: HeadlessListener<E>): void {
    this.#emitter.once(checkedName(event), listener);
  }

  off<E extends HeadlessEventName>(event: E, listener: HeadlessListener<E>): void {
    this.#emitter.off(checkedName(event), listener);
  }

  /** To be asked before an exit is put together. */
  get wantExits(): boolean {
    return traces.exit.isWanted || this.#emitter.listenerCount("exit") > 0;
  }

  exit(exit: HeadlessExit): void {
    if (traces.exit.isWanted) traces.exit.publish({ registry: this.#registry, exit });
    this.#emit("exit", exit);
  }

  warn(warning: HeadlessWarning): void {
    if (traces.warning.isWanted) traces.warning.publish({ registry: this.#registry, warning });
    if (this.#emitter.listenerCount("warning") > 0) this.#emit("warning", warning);
    else callSafely(() => (warning.code === "HPR_EGUARD" ? print : warnProcess)(warning));
  }

  registered(pid: number, cwd: string, keeper?: { keeperPid: number; keeperSockPath: string }) {
    if (traces.register.isWanted)
      traces.register.publish({ registry: this.#registry, pid, cwd, ...keeper });
  }

  linked(sessionId: string, pid: number | undefined, by: HeadlessLink): void {
    const named = pid !== undefined && { pid };
    traces.link.publish({ registry: this.#registry, sessionId, ...named, by });
  }

  signalled(pid: number, signal: HeadlessSignal, code: string): void {
    const delivered = code === "";
    const why = !delivered && { code };
    if (traces.signal.isWanted)
      traces.signal.publish({ registry: this.#registry, pid, signal, delivered, ...why });
  }

  /** One by one, so that a listener that throws does not silence the others. */
  #emit(event: keyof HeadlessEvents, payload: HeadlessExit | HeadlessWarning): void {
    for (const listener of this.#emitter.rawListeners(event))
      callSafely(() => listener.call(this.#registry, payload));
  }
}

function checkedName(event: HeadlessEventName): HeadlessEventName {
  if (event !== "exit" && event !== "warning" && event !== "error")
    throw failure(
      "ERR_INVALID_ARG_VALUE",
      `event must be exit or warning, and not ${String(event)}`,
    );
  return event;
}
