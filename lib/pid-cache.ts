/**
 * What `getPid` has answered since a lookup last changed. A call into C costs more than finding it
 * here, and a server asks for the same few sessions again and again.
 */
export class PidCache {
  readonly #lookups: Uint32Array;
  #pids = new Map<string, number>();
  #asOf = 0;

  /** @param lookups the number that the core counts up with each change */
  constructor(lookups: ArrayBuffer) {
    this.#lookups = new Uint32Array(lookups);
  }

  get(sessionId: string): number | undefined {
    return this.#lookups[0] === this.#asOf ? this.#pids.get(sessionId) : undefined;
  }

  set(sessionId: string, pid: number): void {
    if (this.#lookups[0] !== this.#asOf) {
      this.clear();
      this.#asOf = this.#lookups[0];
    }
    this.#pids.set(sessionId, pid);
  }

  clear(): void {
    this.#pids = new Map();
  }
}
