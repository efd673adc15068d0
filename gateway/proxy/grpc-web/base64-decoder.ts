// Base64 as gRPC-Web sends it (RFC 4648 section 4): padded pieces one after the other, cut anywhere on their way. Strict, since
// two readers of anything else might not read the same request.

/** What came is not base64. */
export const MALFORMED = -1;

const PAD = 61;
const NO_DIGIT = 255;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUE: Uint8Array = new Uint8Array(256).fill(NO_DIGIT);
for (let i = 0; i < ALPHABET.length; i++) VALUE[ALPHABET.charCodeAt(i)] = i;

export class Base64Decoder {
  /** Digits of a group that is not full yet, and their bits. */
  #count = 0;
  #bits = 0;
  /** The second '=' is due. */
  #pad = false;

  /** What came so far may be all. */
  get complete(): boolean {
    return this.#count === 0 && !this.#pad;
  }

  /** Writes at the beginning of `to`, three bytes for four at most. Returns how many, or MALFORMED. */
  decode(from: Uint8Array, start: number, end: number, to: Uint8Array): number {
    let at = 0;
    let bits = this.#bits;
    let count = this.#count;
    for (let i = start; i < end; i++) {
      const value = VALUE[from[i]!]!;
      if (value !== NO_DIGIT && !this.#pad) {
        bits = (bits << 6) | value;
        if (++count < 4) continue;
        to[at++] = bits >> 16;
        to[at++] = (bits >> 8) & 255;
        to[at++] = bits & 255;
      } else if (from[i] !== PAD) return MALFORMED;
      else if (this.#pad) this.#pad = false;
      else if (count === 3 && (bits & 3) === 0) {
        to[at++] = bits >> 10;
        to[at++] = (bits >> 2) & 255;
      } else if (count === 2 && (bits & 15) === 0) {
        to[at++] = bits >> 4;
        this.#pad = true;
      } else return MALFORMED;
      bits = 0;
      count = 0;
    }
    this.#bits = bits;
    this.#count = count;
    return at;
  }
}
