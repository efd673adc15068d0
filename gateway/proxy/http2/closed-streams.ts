// How the streams ended that ended last: frames that were under way for them are judged by it (RFC 9113 section 5.1). A ring of
// fixed size, looked at only when a frame names a stream that is not open.

/** Both sides have ended, or the peer has reset it: nothing may come any more. */
export const ENDED = 1;
/** We have reset it: the peer may not know yet, what comes is ignored. */
export const RESET_BY_US = 2;

const SIZE = 128;

export class ClosedStreams {
  readonly #streams = new Int32Array(SIZE);
  readonly #how = new Uint8Array(SIZE);
  #next = 0;

  note(stream: number, how: number): void {
    this.#streams[this.#next] = stream;
    this.#how[this.#next] = how;
    this.#next = (this.#next + 1) % SIZE;
  }

  /** 0: too long ago, or it never was. */
  find(stream: number): number {
    for (let i = 0; i < SIZE; i++) if (this.#streams[i] === stream) return this.#how[i]!;
    return 0;
  }
}
