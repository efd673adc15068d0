// What a peer may do that costs us more than it: counted per connection, each kind against a limit of its own. A limit is a
// number at once, and as many again in every 30 seconds; work that is worth its cost earns some of it back.
/** Streams that the peer reset, or that we had to reset for an error of its (CVE-2023-44487, CVE-2025-8671). */
export const RESETS = 0;
/** PING, SETTINGS, PRIORITY, WINDOW_UPDATE, RST_STREAM and unknown frames. */
export const CONTROL = 1;
/** DATA without data that does not end its stream. */
export const EMPTY = 2;
/** DATA that we had to send in crumbs because the window allowed no more (CVE-2019-9511). */
export const CRUMBS = 3;
const KINDS = 4;

export interface FloodLimits {
  readonly maxStreamResets: number;
  readonly maxControlFrames: number;
  readonly maxEmptyFrames: number;
  readonly maxCrumbs: number;
  readonly maxUnreadReplies: number;
}

/** Frames of DATA or HEADERS stand for so many control frames: window updates and pings that go with them. */
export const CONTROL_EARNED = 4;
const REFILL_MS = 30_000;

export class FloodGuard {
  readonly #most: readonly number[];
  readonly #left: number[];
  readonly #maxReplies: number;
  #refilledAt: number;
  #replies = 0;

  constructor(limits: FloodLimits, now: number) {
    this.#most = [limits.maxStreamResets, limits.maxControlFrames, limits.maxEmptyFrames, limits.maxCrumbs];
    this.#left = [...this.#most];
    this.#maxReplies = limits.maxUnreadReplies;
    this.#refilledAt = now;
  }

  /** False when the peer has done too much of it. `now` in milliseconds. */
  spend(kind: number, now: number): boolean {
    const left = this.#left[kind]!;
    if (left < 1) {
      this.#refill(now);
      if (this.#left[kind]! < 1) return false;
    }
    this.#left[kind]!--;
    return true;
  }

  earn(kind: number, count: number): void {
    this.#left[kind] = Math.min(this.#most[kind]!, this.#left[kind]! + count);
  }

  /** A reply was queued behind bytes that the peer does not read. False when there are too many. */
  queueReply(): boolean {
    return ++this.#replies <= this.#maxReplies;
  }

  /** The peer has read them. */
  repliesRead(): void {
    this.#replies = 0;
  }

  #refill(now: number): void {
    const share = (now - this.#refilledAt) / REFILL_MS;
    this.#refilledAt = now;
    for (let kind = 0; kind < KINDS; kind++) {
      const most = this.#most[kind]!;
      this.#left[kind] = Math.min(most, this.#left[kind]! + most * share);
    }
  }
}
