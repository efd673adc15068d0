// Deadlines of all connections of a worker in one array of tick numbers, swept once per tick. Setting one is a single
// store, so a request costs no timer; a sweep over 10,000 connections takes some 10 us, ten times a second.
import type { Channel } from './channel.ts';

/** Milliseconds per tick. A deadline passes up to two ticks late, never early. */
export const TICK = 100;

export class Deadlines {
  #due = new Int32Array(1024);
  readonly #channels: (Channel | undefined)[] = [];
  readonly #free: number[] = [];
  #count = 0;
  /** Current tick; moves when the loop wakes. */
  #tick = 0;

  /** Channels that have a place. */
  get size(): number {
    return this.#count;
  }

  add(channel: Channel): void {
    const slot = this.#free.pop() ?? this.#channels.length;
    if (slot >= this.#due.length) {
      const larger = new Int32Array(this.#due.length * 2);
      larger.set(this.#due);
      this.#due = larger;
    }
    this.#channels[slot] = channel;
    this.#due[slot] = 0;
    channel.slot = slot;
    this.#count++;
  }

  remove(channel: Channel): void {
    if (channel.slot < 0) return;
    this.#channels[channel.slot] = undefined;
    this.#due[channel.slot] = 0;
    this.#free.push(channel.slot);
    channel.slot = -1;
    this.#count--;
  }

  /** `to` takes the place of `from`, and its deadline. */
  replace(from: Channel, to: Channel): void {
    if (from.slot < 0) return;
    this.#channels[from.slot] = to;
    to.slot = from.slot;
    from.slot = -1;
  }

  /** In `ms` milliseconds, `onDeadline` is called once, unless set anew or cleared before. */
  set(channel: Channel, ms: number): void {
    if (channel.slot >= 0) this.#due[channel.slot] = this.#tick + ((ms / TICK) | 0) + 2;
  }

  clear(channel: Channel): void {
    if (channel.slot >= 0) this.#due[channel.slot] = 0;
  }

  /** Takes over the time: `now` in milliseconds since any fixed moment. Returns whether a sweep is due. */
  advance(now: number): boolean {
    const tick = (now / TICK) | 0;
    if (tick === this.#tick) return false;
    this.#tick = tick;
    return true;
  }

  /** Calls `expire` for every channel whose deadline has passed. */
  sweep(expire: (channel: Channel) => void): void {
    const due = this.#due;
    const tick = this.#tick;
    for (let slot = 0; slot < this.#channels.length; slot++) {
      const at = due[slot]!;
      if (at === 0 || at > tick) continue;
      due[slot] = 0;
      const channel = this.#channels[slot];
      if (channel !== undefined) expire(channel);
    }
  }
}
