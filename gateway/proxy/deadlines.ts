// Deadlines of all connections of a worker in one array of tick numbers, swept once per tick. Setting one is a single
// store, so a request costs no timer; a sweep over 10,000 connections takes some 10 us, ten times a second.

/** Milliseconds per tick. A deadline passes up to two ticks late, never early. */
export const TICK = 100;

/** What a deadline may be set for: a connection, or a stream of one. */
export interface Timed {
  /** Place in the table of deadlines, -1 without. */
  slot: number;
  /** The deadline has passed. */
  onDeadline(): void;
  /** A defect of ours was met: nothing about it can be relied on, and it ends. */
  abandon(): void;
}

export class Deadlines {
  #due = new Int32Array(1024);
  readonly #timed: (Timed | undefined)[] = [];
  readonly #free: number[] = [];
  #count = 0;
  /** Current tick; moves when the loop wakes. */
  #tick = 0;

  /** How many have a place. */
  get size(): number {
    return this.#count;
  }

  add(timed: Timed): void {
    const slot = this.#free.pop() ?? this.#timed.length;
    if (slot >= this.#due.length) {
      const larger = new Int32Array(this.#due.length * 2);
      larger.set(this.#due);
      this.#due = larger;
    }
    this.#timed[slot] = timed;
    this.#due[slot] = 0;
    timed.slot = slot;
    this.#count++;
  }

  remove(timed: Timed): void {
    if (timed.slot < 0) return;
    this.#timed[timed.slot] = undefined;
    this.#due[timed.slot] = 0;
    this.#free.push(timed.slot);
    timed.slot = -1;
    this.#count--;
  }

  /** `to` takes the place of `from`, and its deadline. */
  replace(from: Timed, to: Timed): void {
    if (from.slot < 0) return;
    this.#timed[from.slot] = to;
    to.slot = from.slot;
    from.slot = -1;
  }

  /** In `ms` milliseconds, `onDeadline` is called once, unless set anew or cleared before. */
  set(timed: Timed, ms: number): void {
    if (timed.slot >= 0) this.#due[timed.slot] = this.#tick + ((ms / TICK) | 0) + 2;
  }

  clear(timed: Timed): void {
    if (timed.slot >= 0) this.#due[timed.slot] = 0;
  }

  /** Takes over the time: `now` in milliseconds since any fixed moment. Returns whether a sweep is due. */
  advance(now: number): boolean {
    const tick = (now / TICK) | 0;
    if (tick === this.#tick) return false;
    this.#tick = tick;
    return true;
  }

  /** Calls `expire` for all whose deadline has passed. */
  sweep(expire: (timed: Timed) => void): void {
    const due = this.#due;
    const tick = this.#tick;
    for (let slot = 0; slot < this.#timed.length; slot++) {
      const at = due[slot]!;
      if (at === 0 || at > tick) continue;
      due[slot] = 0;
      const timed = this.#timed[slot];
      if (timed !== undefined) expire(timed);
    }
  }
}
