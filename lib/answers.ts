import type { NativeRegistry } from "./binding.js";
import type { HeadlessExit, TerminateOutcome, TerminateResult } from "./types.js";

/** Those that owe an answer: whoever waits for it need not hold the registry too. */
const indebted = new Set<Answers>();

/** The answers to `terminate` and `shutdown` that are yet to come. */
export class Answers {
  readonly #native: NativeRegistry;
  readonly #owner: object;
  readonly #waiting = new Map<number, (result: TerminateResult) => void>();
  #next = 0;

  /** @param owner is kept alive while an answer is owed */
  constructor(native: NativeRegistry, owner: object) {
    this.#native = native;
    this.#owner = owner;
  }

  get owner(): object {
    return this.#owner;
  }

  /** The number of a request; the event loop lives until it is answered or dropped. */
  await(answer: (result: TerminateResult) => void): number {
    this.#waiting.set(this.#next, answer);
    indebted.add(this);
    this.#native.keepAlive(true);
    return this.#next++;
  }

  drop(request: number): ((result: TerminateResult) => void) | undefined {
    const answer = this.#waiting.get(request);
    this.#waiting.delete(request);
    if (this.#waiting.size === 0) {
      indebted.delete(this);
      this.#native.keepAlive(false);
    }
    return answer;
  }

  give(
    request: number,
    outcome: TerminateOutcome,
    entry: Partial<Omit<HeadlessExit, "fields">> & { processes?: number },
  ): void {
    const { pid, sessionId, code, signal, processes } = entry;
    this.drop(request)?.({
      outcome,
      ...(pid !== undefined && { pid }),
      ...(sessionId !== undefined && { sessionId }),
      ...(code !== undefined && { code }),
      ...(signal !== undefined && { signal }),
      ...(processes !== undefined && { processes }),
    });
  }
}
