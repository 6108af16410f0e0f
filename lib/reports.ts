import { channel } from "node:diagnostics_channel";
import { debuglog } from "node:util";
import type { HeadlessTrace, HeadlessWarning } from "./types.js";

/** Where nobody listens for it: `node --trace-warnings` shows whence it came. */
export function warnProcess({ code, message }: HeadlessWarning): void {
  process.emitWarning(message, { type: "HeadlessPidWarning", code });
}

/** The same on one line of its own, as the original module does. */
export function print({ code, message }: HeadlessWarning): void {
  console.warn(`[headless-pid-registry] ${message} (${code})`);
}

export function describe(text: string, pid: number, file: string): string {
  return [text, pid ? `pid ${pid}` : "", file].filter(Boolean).join(": ");
}

type Name = keyof HeadlessTrace;

/** NODE_DEBUG=headless-pid-registry prints what is published, whoever has subscribed. */
const debug = debuglog("headless-pid-registry");
const isDebugged = debug.enabled;

/** What servers that trace can subscribe to; nothing is made where nobody has. */
export class Tracer<N extends Name> {
  readonly #name: N;
  readonly #channel;

  constructor(name: N) {
    this.#name = name;
    this.#channel = channel(name);
  }

  /** To be asked before a message is put together. */
  get isWanted(): boolean {
    return isDebugged || this.#channel.hasSubscribers;
  }

  publish(message: HeadlessTrace[N]): void {
    this.#channel.publish(message);
    if (!isDebugged) return;
    const { registry: _, ...rest } = message;
    debug("%s %j", this.#name.split(":")[1], rest);
  }
}

export const traces = {
  register: new Tracer("headless-pid-registry:register"),
  link: new Tracer("headless-pid-registry:link"),
  signal: new Tracer("headless-pid-registry:signal"),
  exit: new Tracer("headless-pid-registry:exit"),
  warning: new Tracer("headless-pid-registry:warning"),
};
