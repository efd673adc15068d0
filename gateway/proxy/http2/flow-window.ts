// Flow control (RFC 9113 section 5.2): how much may still be sent, and how much the peer may still send.

const LARGEST = 0x7fff_ffff;
/** Of both directions, of a connection and of each stream, until something else is said. */
export const DEFAULT_WINDOW = 65_535;

/** What the peer lets us send. May be negative after the peer has lowered its initial window (section 6.9.2). */
export class SendWindow {
  left: number = DEFAULT_WINDOW;

  reset(size: number): void {
    this.left = size;
  }

  /** By WINDOW_UPDATE, or by the difference of two initial windows. False when the window grows beyond 2^31-1. */
  grow(by: number): boolean {
    this.left += by;
    return this.left <= LARGEST;
  }
}

/** What we let the peer send. Room is given back when bytes have been passed on, and announced when it is worth a frame. */
export class ReceiveWindow {
  #size: number;
  #left: number;
  #freed = 0;

  constructor(size: number) {
    this.#size = size;
    this.#left = size;
  }

  reset(size: number): void {
    this.#size = size;
    this.#left = size;
    this.#freed = 0;
  }

  /** Bytes that came and were not given back. */
  get held(): number {
    return this.#size - this.#left - this.#freed;
  }

  /** False when the peer has sent more than it may. */
  take(bytes: number): boolean {
    this.#left -= bytes;
    return this.#left >= 0;
  }

  /** Bytes were passed on. Returns the increment to announce now: half of the window, or nothing. */
  free(bytes: number): number {
    this.#freed += bytes;
    if (this.#freed * 2 < this.#size) return 0;
    const increment = this.#freed;
    this.#left += increment;
    this.#freed = 0;
    return increment;
  }
}
