// mulberry32: the same numbers for the same seed, so that what was found is found again.

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  /** One of `all`, which is not empty. */
  of<T>(all: readonly T[]): T {
    return all[this.below(all.length)]!;
  }
}

/** The same as a function. */
export function randomOf(seed: number): (limit: number) => number {
  const random = new Random(seed);
  return (limit) => random.below(limit);
}
