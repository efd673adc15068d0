// Huffman-coded strings (RFC 7541 section 5.2), a byte at a time: decoding looks up eight bits in a table of symbols, and
// codes that are longer lead to a further table, at most four deep. The 15 tables take 8 KB, once per worker.
import { HUFFMAN_INVALID, STRING_TOO_LONG } from './head-fault.ts';
import { CODE_BITS, CODES, EOS } from './huffman-code.ts';

const WIDTH = 256;
/** Entry of a decoding table: what leads to another table has this bit, a symbol has its remaining bits above its byte. */
const LINK = 0x8000;

const TABLES: Uint16Array = buildTables();

/** Writes the decoded string at `at` and returns the index after it, or a fault: invalid, or longer than up to `limit`. */
export function decodeHuffman(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
  limit: number,
): number {
  let pending = 0;
  let bits = 0;
  let table = 0;
  for (;;) {
    if (bits < 8) {
      if (start + 2 < end) {
        // Three bytes at once: what is to be loaded is a branch that cannot be predicted.
        pending = (pending << 24) | (from[start]! << 16) | (from[start + 1]! << 8) | from[start + 2]!;
        start += 3;
        bits += 24;
      } else {
        if (start === end) break;
        pending = (pending << 8) | from[start++]!;
        bits += 8;
      }
    }
    const entry = TABLES[table + ((pending >>> (bits - 8)) & 255)]!;
    if (entry < LINK) {
      if (entry === 0) return HUFFMAN_INVALID;
      if (at === limit) return STRING_TOO_LONG;
      to[at++] = entry & 255;
      bits -= entry >>> 8;
      table = 0;
    } else {
      table = entry & ~LINK;
      bits -= 8;
    }
  }
  // Fewer than eight bits are left: codes that end within them, then less than a byte of ones.
  for (;;) {
    const entry = TABLES[table + (((pending << (8 - bits)) | (255 >>> bits)) & 255)]!;
    const used = entry >>> 8;
    if (entry >= LINK || entry === 0 || used > bits) break;
    if (at === limit) return STRING_TOO_LONG;
    to[at++] = entry & 255;
    bits -= used;
    table = 0;
  }
  const ones = (1 << bits) - 1;
  return table === 0 && (pending & ones) === ones ? at : HUFFMAN_INVALID;
}

/** Bytes that the string takes when it is coded. */
export function huffmanLength(from: Uint8Array, start: number, end: number): number {
  let bits = 0;
  while (start < end) bits += CODE_BITS[from[start++]!]!;
  return (bits + 7) >>> 3;
}

/** Writes the coded string at `at` and returns the index after it. */
export function encodeHuffman(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
): number {
  let pending = 0;
  let bits = 0;
  while (start < end) {
    const byte = from[start++]!;
    const code = CODES[byte]!;
    const length = CODE_BITS[byte]!;
    if (length > 16) {
      // With the up to 15 bits that are left over, a long code would not fit into 32.
      if (bits >= 8) to[at++] = pending >>> (bits -= 8);
      pending = (pending << (length - 14)) | (code >>> 14);
      bits += length - 14;
      while (bits >= 8) to[at++] = pending >>> (bits -= 8);
      pending = (pending << 14) | (code & 0x3fff);
      bits += 14;
    } else {
      pending = (pending << length) | code;
      bits += length;
    }
    if (bits >= 16) {
      bits -= 16;
      to[at++] = pending >>> (bits + 8);
      to[at++] = pending >>> bits;
    }
  }
  if (bits >= 8) to[at++] = pending >>> (bits -= 8);
  if (bits > 0) to[at++] = (pending << (8 - bits)) | (255 >>> bits);
  return at;
}

function buildTables(): Uint16Array {
  const entries: number[] = Array.from({ length: WIDTH }, () => 0);
  // EOS has no entry: within a string it is an error (section 5.2).
  for (let symbol = 0; symbol < EOS; symbol++) {
    const code = CODES[symbol]!;
    let left = CODE_BITS[symbol]!;
    let table = 0;
    while (left > 8) {
      left -= 8;
      const at = table + ((code >>> left) & 255);
      if (entries[at] === 0) {
        entries[at] = LINK | entries.length;
        for (let i = 0; i < WIDTH; i++) entries.push(0);
      }
      table = entries[at]! & ~LINK;
    }
    const first = table + ((code << (8 - left)) & 255);
    for (let i = 0; i < 1 << (8 - left); i++) entries[first + i] = (left << 8) | symbol;
  }
  return Uint16Array.from(entries);
}
