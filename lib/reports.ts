import { channel } from "node:diagnostics_channel";
import type { HeadlessTrace } from "./types.js";

/** What the package says where nobody listens for it. */
export function say(text: string): void {
  console.warn(`[headless-pid-registry] ${text}`);
}

type Name = keyof HeadlessTrace;

/** What servers that trace can subscribe to; nothing is made where nobody has. */
export class Tracer<N extends Name> {
  readonly #channel;

  constructor(name: N) {
    this.#channel = channel(name);
  }

  /** To be asked before a message is put together. */
  get isWanted(): boolean {
    return this.#channel.hasSubscribers;
  }

  publish(message: HeadlessTrace[N]): void {
    this.#channel.publish(message);
  }
}

export const traces = {
  register: new Tracer("headless-pid-registry:register"),
  link: new Tracer("headless-pid-registry:link"),
  signal: new Tracer("headless-pid-registry:signal"),
  exit: new Tracer("headless-pid-registry:exit"),
  warning: new Tracer("headless-pid-registry:warning"),
};
