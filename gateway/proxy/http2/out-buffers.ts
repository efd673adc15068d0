// Memory that outgoing frames are assembled in: taken by a connection for one turn of the loop and given back when it has
// written, so that ten thousand idle connections hold none.
import type { Bytes, Io } from '../channel.ts';

export const OUT_SIZE = 65_536;
const MOST_FREE = 64;

export class OutBuffers {
  readonly #io: Io;
  readonly #free: Bytes[] = [];

  constructor(io: Io) {
    this.#io = io;
  }

  take(): Bytes {
    return this.#free.pop() ?? this.#io.allocate(OUT_SIZE);
  }

  give(bytes: Bytes): void {
    if (bytes.buffer.length === OUT_SIZE && this.#free.length < MOST_FREE) this.#free.push(bytes);
  }
}
