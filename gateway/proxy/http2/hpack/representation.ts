// Writes the representations of a header block (RFC 7541 sections 5 and 6). Each function returns the index after what it wrote.
import { copyBytes } from '../../http1/copy.ts';
import type { HeaderLine } from './header-line.ts';
import { encodeHuffman, huffmanLength } from './huffman.ts';

/** How a literal is written: its first byte, and how many bits of that begin the index of its name. */
export type Indexing = typeof WITH_INDEXING | typeof WITHOUT_INDEXING | typeof NEVER_INDEXED;
export const WITH_INDEXING = 0x40;
export const WITHOUT_INDEXING = 0;
export const NEVER_INDEXED = 0x10;

const INDEXED = 0x80;
const RESIZE = 0x20;
const CODED = 0x80;

/** Section 6.1. */
export function writeIndexed(out: Buffer, at: number, index: number): number {
  if (index >= 127) return writeInteger(out, at, INDEXED, 7, index);
  out[at] = INDEXED | index;
  return at + 1;
}

/** Section 6.3. */
export function writeResize(out: Buffer, at: number, size: number): number {
  return writeInteger(out, at, RESIZE, 5, size);
}

/**
 * Section 6.2. `name`: index of the name, 0 to write that of the line, in lower case. `pack`: the value may be Huffman-coded,
 * where that is shorter; it costs ten times as much as copying.
 */
export function writeLiteral(
  out: Buffer,
  at: number,
  indexing: Indexing,
  name: number,
  text: Buffer,
  line: HeaderLine,
  pack: boolean,
): number {
  at = writeInteger(out, at, indexing, indexing === WITH_INDEXING ? 6 : 4, name);
  if (name === 0) {
    at = writeInteger(out, at, 0, 7, line.nameEnd - line.start);
    for (let i = line.start; i < line.nameEnd; i++) {
      const byte = text[i]!;
      out[at++] = byte >= 65 && byte <= 90 ? byte | 0x20 : byte;
    }
  }
  return writeString(out, at, text, line.valueStart, line.valueEnd, pack);
}

/** Section 5.2. */
export function writeString(
  out: Buffer,
  at: number,
  text: Buffer,
  start: number,
  end: number,
  pack: boolean,
): number {
  const length = end - start;
  if (pack) {
    const packed = huffmanLength(text, start, end);
    if (packed < length) return encodeHuffman(text, start, end, out, writeInteger(out, at, CODED, 7, packed));
  }
  return copyBytes(text, start, end, out, writeInteger(out, at, 0, 7, length));
}

/** Section 5.1: `value` begins in the last `bits` bits of a byte, whose other bits are `flags`. */
function writeInteger(out: Buffer, at: number, flags: number, bits: number, value: number): number {
  const most = (1 << bits) - 1;
  if (value < most) {
    out[at] = flags | value;
    return at + 1;
  }
  out[at++] = flags | most;
  value -= most;
  while (value >= 128) {
    out[at++] = (value & 127) | 128;
    value >>>= 7;
  }
  out[at] = value;
  return at + 1;
}
