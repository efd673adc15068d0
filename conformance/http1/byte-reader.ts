// Reads messages from a socket piece by piece, and keeps the bytes of the message that is being read.
import type { Socket } from 'node:net';

const CRLF = Buffer.from('\r\n');

export class ByteReader {
  readonly #socket: Socket;
  readonly #keepBytes: number;
  #chunks: Buffer[] = [];
  #length = 0;
  #ended = false;
  #wake: (() => void) | undefined;
  /** Of the message since the last `begin`, as far as it was taken, up to `keepBytes`. */
  #taken: Buffer[] = [];
  #takenBytes = 0;

  /** Silence of `idleMs` ends it. */
  constructor(socket: Socket, keepBytes: number, idleMs: number) {
    this.#socket = socket;
    this.#keepBytes = keepBytes;
    const end = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake?.();
    });
    socket.on('end', end).on('close', end).on('error', end);
    socket.setTimeout(idleMs, () => socket.destroy());
  }

  /** A new message begins with the next byte. */
  begin(): void {
    this.#taken = [];
    this.#takenBytes = 0;
  }

  /** The bytes of the message that were taken. */
  taken(): Buffer {
    return Buffer.concat(this.#taken);
  }

  /** The same and those that nobody has taken yet. */
  everything(): Buffer {
    return Buffer.concat([...this.#taken, ...this.#chunks]).subarray(0, this.#keepBytes);
  }

  /** The bytes before the next `mark`, which is taken too; undefined when the socket ends or `limit` is passed before. */
  async until(mark: Buffer, limit: number): Promise<Buffer | undefined> {
    for (;;) {
      const all = this.#joined();
      const at = all.indexOf(mark);
      if (at >= 0) {
        this.#take(at + mark.length);
        return all.subarray(0, at);
      }
      if (all.length > limit || !(await this.#more())) return undefined;
    }
  }

  line(limit: number): Promise<Buffer | undefined> {
    return this.until(CRLF, limit);
  }

  /** Exactly `count` bytes; undefined when the socket ends before. */
  async take(count: number): Promise<Buffer | undefined> {
    while (this.#length < count) if (!(await this.#more())) return undefined;
    const bytes = this.#joined().subarray(0, count);
    this.#take(count);
    return bytes;
  }

  #joined(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!;
  }

  #take(count: number): void {
    const all = this.#joined();
    const kept = Math.min(count, this.#keepBytes - this.#takenBytes);
    if (kept > 0) {
      this.#taken.push(all.subarray(0, kept));
      this.#takenBytes += kept;
    }
    this.#chunks = [all.subarray(count)];
    this.#length -= count;
  }

  /** False when nothing more will come. */
  async #more(): Promise<boolean> {
    if (this.#ended || this.#socket.destroyed) return false;
    const before = this.#length;
    await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
    return this.#length > before;
  }
}
