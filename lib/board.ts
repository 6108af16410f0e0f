/** As in src/core/filter.h. */
const BITS = 17;
const SLOTS = 1 << BITS;
const SAMPLE = 8;

/** In `hpr_board`: two numbers of 32 bits, two filters. */
const LOOKUPS = 0;
const SIZE = 1;
const TOKENS_AT = 2 * Uint32Array.BYTES_PER_ELEMENT;

/**
 * Whether a filter of the core may count a name. The core knows a name by its bytes; from its text
 * only those of ASCII are told.
 */
function mayHave(slots: Uint8Array, name: string): boolean {
  if (typeof name !== "string") return true;
  let hash = 2166136261;
  let all = 0;
  for (let i = name.length < SAMPLE ? 0 : name.length - SAMPLE; i < name.length; i++) {
    const code = name.charCodeAt(i);
    all |= code;
    hash = Math.imul(hash ^ code, 16777619);
  }
  return all > 127 || (slots[hash >>> (32 - BITS)] !== 0 && slots[hash & (SLOTS - 1)] !== 0);
}

/**
 * What the core shows us in memory that both can read, and what `getPid` has answered since that
 * last changed: a call into C costs more than what it would find, and a server asks for the same few
 * sessions again and again.
 */
export class Board {
  readonly #numbers: Uint32Array;
  readonly #tokens: Uint8Array;
  readonly #sessions: Uint8Array;
  #pids = new Map<string, number>();
  #pidsAsOf = 0;
  #closed = false;
  /** Bound and with nothing on the way: whoever shows the number asks for it all the time. */
  readonly size: () => number;

  /**
   * @param board `hpr_board` of src/core/registry.h
   * @param ask the core, which throws if the registry is closed
   */
  constructor(board: ArrayBuffer, ask: () => number) {
    const numbers = new Uint32Array(board, 0, 2);
    this.#numbers = numbers;
    this.size = () => (this.#closed ? ask() : numbers[SIZE]);
    this.#tokens = new Uint8Array(board, TOKENS_AT, SLOTS);
    this.#sessions = new Uint8Array(board, TOKENS_AT + SLOTS, SLOTS);
  }

  /** False: no entry has it, and whatever is done with it does nothing. */
  mayHaveToken(token: string): boolean {
    return this.#closed || mayHave(this.#tokens, token);
  }

  mayHaveSession(sessionId: string): boolean {
    return this.#closed || mayHave(this.#sessions, sessionId);
  }

  /** Undefined: not asked for since something has changed. */
  pidOf(sessionId: string): number | undefined {
    return this.#numbers[LOOKUPS] === this.#pidsAsOf ? this.#pids.get(sessionId) : undefined;
  }

  rememberPid(sessionId: string, pid: number): void {
    if (this.#numbers[LOOKUPS] !== this.#pidsAsOf) {
      this.#pids = new Map();
      this.#pidsAsOf = this.#numbers[LOOKUPS];
    }
    this.#pids.set(sessionId, pid);
  }

  /** From now on every question is the core's, which throws. */
  close(): void {
    this.#closed = true;
    this.#pids = new Map();
  }
}
