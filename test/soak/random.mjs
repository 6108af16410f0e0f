/** Choices that a seed decides: the same questions in the same order get the same answers. */
export class Choice {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** Marsaglia's xorshift, period 2^32 - 1; good enough to choose with. */
  #next() {
    let it = this.#state || 0x9e3779b9;
    it ^= it << 13;
    it ^= it >>> 17;
    it ^= it << 5;
    this.#state = it >>> 0;
    return this.#state / 2 ** 32;
  }

  below(limit) {
    return Math.floor(this.#next() * limit);
  }

  of(values) {
    return values[this.below(values.length)];
  }

  chance(probability) {
    return this.#next() < probability;
  }
}
