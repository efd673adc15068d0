// Where the messages of gRPC end: a flag byte, four bytes of length, the message. Behind one that was cut off, a frame of ours
// would be read as the rest of it.

const HEADER = 5;

export class MessageBoundary {
  /** Bytes of the header that were seen, the length that they say, and how much of the message is missing. */
  #header = 0;
  #length = 0;
  #missing = 0;

  /** No message has begun that is not complete. */
  get reached(): boolean {
    return this.#header === 0 && this.#missing === 0;
  }

  read(bytes: Uint8Array, start: number, end: number): void {
    while (start < end) {
      if (this.#missing > 0) {
        const size = Math.min(this.#missing, end - start);
        this.#missing -= size;
        start += size;
        continue;
      }
      const byte = bytes[start++]!;
      if (this.#header++ > 0) this.#length = this.#length * 256 + byte;
      if (this.#header < HEADER) continue;
      this.#missing = this.#length;
      this.#header = 0;
      this.#length = 0;
    }
  }
}
