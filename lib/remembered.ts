const MOST = 1000;

/** Session ids, tokens and pids of entries that have ended, the latest of them. */
export class Remembered {
  readonly #names = new Set<string | number>();

  add(names: Array<string | number | undefined>): void {
    for (const name of names) if (name !== undefined) this.#names.add(name);
    for (const oldest of this.#names) {
      if (this.#names.size <= MOST) break;
      this.#names.delete(oldest);
    }
  }

  has(name: string | number | undefined): boolean {
    return name !== undefined && this.#names.has(name);
  }
}
