// Where the body of a message ends, however many pieces it comes in (RFC 9112 section 6.3). The bytes themselves pass by.
import { ChunkScanner, UNFINISHED } from './chunk.ts';

const NOTHING = 0;
const LENGTH = 1;
const CHUNKS = 2;
const CONNECTION = 3;

const NO_PIECES: readonly number[] = [];

export class Body {
  /** The last byte was seen. */
  complete = true;
  #kind = NOTHING;
  #remaining = 0;
  #chunks: ChunkScanner | null = null;

  /** Only the end of the connection ends it. */
  get endsWithConnection(): boolean {
    return this.#kind === CONNECTION;
  }

  /** Data of chunks in the last `read`, for bodies begun with `wantData`: start and end of each piece. */
  get pieces(): readonly number[] {
    return this.#chunks === null ? NO_PIECES : this.#chunks.pieces;
  }

  /** Lines after the last chunk, with the empty one; '' for none. Of bodies begun with `wantData`. */
  get trailers(): string {
    return this.#kind === CHUNKS && this.#chunks !== null ? this.#chunks.trailers : '';
  }

  beginLength(length: number): void {
    this.#kind = LENGTH;
    this.#remaining = length;
    this.complete = length === 0;
  }

  beginChunks(wantData: boolean): void {
    this.#kind = CHUNKS;
    this.#chunks ??= new ChunkScanner();
    this.#chunks.reset(wantData);
    this.complete = false;
  }

  beginUntilClose(): void {
    this.#kind = CONNECTION;
    this.complete = false;
  }

  /** Takes what there is: the end of the body's part of these bytes, or a fault (negative). */
  read(bytes: Buffer, start: number, end: number): number {
    switch (this.#kind) {
      case LENGTH: {
        const next = Math.min(end, start + this.#remaining);
        this.#remaining -= next - start;
        this.complete = this.#remaining === 0;
        return next;
      }
      case CHUNKS: {
        const result = this.#chunks === null ? end : this.#chunks.scan(bytes, start, end);
        if (result === UNFINISHED) return end;
        this.complete = result >= 0;
        return result;
      }
      default:
        return this.#kind === CONNECTION ? end : start;
    }
  }
}
