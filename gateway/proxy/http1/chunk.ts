// The chunked coding (RFC 9112 section 7.1), checked byte by byte and passed on as it came, so that what the next parser
// reads is what was checked here. Sizes are bounded and never empty, lines end with CR LF only, trailers are checked like
// header lines and may not name what belongs into the head.
import {
  CHUNK_END_INVALID,
  CHUNK_EXTENSION_INVALID,
  CHUNK_SIZE_INVALID,
  TRAILER_FORBIDDEN,
  TRAILER_INVALID,
  TRAILERS_TOO_LARGE,
} from './fault.ts';
import { COLON, CR, FIELD, HEX, HTAB, LF, SEMICOLON, SP, TOKEN } from './octets.ts';

/** The coding goes on after these bytes. Otherwise `scan` returns where it ends, or a fault (below -1). */
export const UNFINISHED = -1;

const FIRST_DIGIT = 0;
const DIGITS = 1;
const BEFORE_EXTENSION = 2;
const EXTENSION = 3;
const SIZE_LF = 4;
const DATA = 5;
const DATA_CR = 6;
const DATA_LF = 7;
const LINE_START = 8;
const NAME = 9;
const VALUE = 10;
const VALUE_LF = 11;
const END_LF = 12;

const MAX_DIGITS = 16;
const MAX_EXTENSION = 256;
const MAX_TRAILERS = 8192;

/** RFC 9110 section 6.5.1: fields needed for framing, routing, authentication or reading the body. */
export const FORBIDDEN_TRAILERS: ReadonlySet<string> = new Set([
  'authorization',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'max-forwards',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'www-authenticate',
]);

export class ChunkScanner {
  /** Data bytes of the last `scan` when `wantData`: start and end of each piece. */
  readonly pieces: number[] = [];
  wantData = false;
  #state = FIRST_DIGIT;
  #size = 0;
  #digits = 0;
  #extension = 0;
  #trailers = 0;
  #trailerText = '';
  #name = '';

  reset(wantData: boolean): void {
    this.wantData = wantData;
    this.#state = FIRST_DIGIT;
    this.#trailers = 0;
    this.#trailerText = '';
  }

  /** The lines after the last chunk with the empty one, when `wantData`; '' without trailers. */
  get trailers(): string {
    return this.#trailerText === '\r\n' ? '' : this.#trailerText;
  }

  /** Goes on with `bytes` from `start`. Returns the end of the coding, UNFINISHED, or a fault. */
  scan(bytes: Uint8Array, start: number, end: number): number {
    if (this.wantData) this.pieces.length = 0;
    let i = start;
    while (i < end) {
      if (this.#state === DATA) {
        const count = Math.min(end - i, this.#size);
        if (this.wantData) this.pieces.push(i, i + count);
        i += count;
        this.#size -= count;
        if (this.#size === 0) this.#state = DATA_CR;
        continue;
      }
      if (this.#state >= LINE_START && this.wantData) this.#trailerText += String.fromCharCode(bytes[i]!);
      const result = this.#state < DATA ? this.#sizeByte(bytes[i]!) : this.#lineByte(bytes[i]!);
      i++;
      if (result < 0) return result;
      if (result > 0) return i;
    }
    return UNFINISHED;
  }

  /** Within a size line. 0: go on; a fault. */
  #sizeByte(byte: number): number {
    const digit = HEX[byte]!;
    switch (this.#state) {
      case FIRST_DIGIT:
        if (digit < 0) return CHUNK_SIZE_INVALID;
        this.#size = digit;
        this.#digits = 1;
        this.#extension = 0;
        this.#state = DIGITS;
        return 0;
      case DIGITS:
        if (digit >= 0) {
          this.#size = this.#size * 16 + digit;
          return ++this.#digits > MAX_DIGITS || this.#size > Number.MAX_SAFE_INTEGER ? CHUNK_SIZE_INVALID : 0;
        }
        if (byte === CR) this.#state = SIZE_LF;
        else if (byte === SEMICOLON) this.#state = EXTENSION;
        else if (byte === SP || byte === HTAB) this.#state = BEFORE_EXTENSION;
        else return CHUNK_SIZE_INVALID;
        return 0;
      case BEFORE_EXTENSION:
        if (byte === SEMICOLON) this.#state = EXTENSION;
        else if ((byte !== SP && byte !== HTAB) || ++this.#extension > MAX_EXTENSION)
          return CHUNK_SIZE_INVALID;
        return 0;
      case EXTENSION:
        if (byte === CR) this.#state = SIZE_LF;
        else if (FIELD[byte] !== 1 || ++this.#extension > MAX_EXTENSION) return CHUNK_EXTENSION_INVALID;
        return 0;
      default:
        if (byte !== LF) return CHUNK_END_INVALID;
        this.#state = this.#size === 0 ? LINE_START : DATA;
        return 0;
    }
  }

  /** After chunk data and within the trailers. 0: go on; 1: that was the end; a fault. */
  #lineByte(byte: number): number {
    switch (this.#state) {
      case DATA_CR:
        if (byte !== CR) return CHUNK_END_INVALID;
        this.#state = DATA_LF;
        return 0;
      case DATA_LF:
        if (byte !== LF) return CHUNK_END_INVALID;
        this.#state = FIRST_DIGIT;
        return 0;
      case END_LF:
        return byte === LF ? 1 : TRAILER_INVALID;
      default:
        return ++this.#trailers > MAX_TRAILERS ? TRAILERS_TOO_LARGE : this.#trailerByte(byte);
    }
  }

  #trailerByte(byte: number): number {
    switch (this.#state) {
      case LINE_START:
        if (byte === CR) {
          this.#state = END_LF;
          return 0;
        }
        if (TOKEN[byte] !== 1) return TRAILER_INVALID;
        this.#name = String.fromCharCode(byte);
        this.#state = NAME;
        return 0;
      case NAME:
        if (TOKEN[byte] === 1) {
          // Longer names are none of the forbidden ones; their rest need not be kept.
          if (this.#name.length < 32) this.#name += String.fromCharCode(byte);
          return 0;
        }
        if (byte !== COLON) return TRAILER_INVALID;
        this.#state = VALUE;
        return FORBIDDEN_TRAILERS.has(this.#name.toLowerCase()) ||
          this.#name.toLowerCase().startsWith('x-forwarded-')
          ? TRAILER_FORBIDDEN
          : 0;
      case VALUE:
        if (FIELD[byte] === 1) return 0;
        if (byte !== CR) return TRAILER_INVALID;
        this.#state = VALUE_LF;
        return 0;
      default:
        if (byte !== LF) return TRAILER_INVALID;
        this.#state = LINE_START;
        return 0;
    }
  }
}
