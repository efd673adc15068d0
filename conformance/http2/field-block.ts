// Field blocks (RFC 7541): written as literals that are never indexed, so that any bytes can be a name; and of an answer, its status.
import { PADDED, PRIORITY } from './frame.ts';

export type RawField = readonly [name: Buffer, value: Buffer];

/** Section 6.2.2: literal without indexing, new name. */
export function makeLiteral(name: Buffer | string, value: Buffer | string): Buffer {
  return Buffer.concat([Buffer.of(0), makeString(Buffer.from(name)), makeString(Buffer.from(value))]);
}

export function makeBlock(fields: readonly RawField[]): Buffer {
  return Buffer.concat(fields.map(([name, value]) => makeLiteral(name, value)));
}

/** What every plain request has; replace `path` for another one. */
export function makeRequestBlock(path: string = '/c/x', method: string = 'GET'): Buffer {
  return Buffer.concat([
    makeLiteral(':method', method),
    makeLiteral(':scheme', 'http'),
    makeLiteral(':path', path),
    makeLiteral(':authority', 'localhost'),
  ]);
}

/** Section 5.2, without Huffman; the length is an integer with a prefix of 7 bits (section 5.1). */
function makeString(bytes: Buffer): Buffer {
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
  return Buffer.concat([Buffer.of(...length, rest), bytes]);
}

/** Appendix A, entries 8 to 14. */
const INDEXED_STATUSES = [200, 204, 206, 304, 400, 404, 500];
const FIRST_STATUS = 8;
/** Appendix B: the codes of the digits, 0 to 9. */
const DIGIT_CODES = [
  '00000',
  '00001',
  '00010',
  '011001',
  '011010',
  '011011',
  '011100',
  '011101',
  '011110',
  '011111',
];
const STATUS_DIGITS = 3;

/** The status at the head of a HEADERS payload; 0 for a block without fields (trailers may be so), -1 for one that has none there. */
export function readStatus(payload: Buffer, flags: number): number {
  let at = ((flags & PADDED) !== 0 ? 1 : 0) + ((flags & PRIORITY) !== 0 ? 5 : 0);
  // Changes of the table size come first (section 6.3).
  while (((payload[at] ?? 0) & 0xe0) === 0x20) at = skipInteger(payload, at, 0x1f);
  const first = payload[at];
  if (first === undefined) return 0;
  const indexed = first & 0x80 ? first & 0x7f : undefined;
  if (indexed !== undefined) return INDEXED_STATUSES[indexed - FIRST_STATUS] ?? -1;
  const nameIndex = first & (first & 0x40 ? 0x3f : 0x0f);
  if (nameIndex < FIRST_STATUS || nameIndex >= FIRST_STATUS + INDEXED_STATUSES.length) return -1;
  const length = payload[at + 1] ?? 0;
  const value = payload.subarray(at + 2, at + 2 + (length & 0x7f));
  const text = length & 0x80 ? decodeDigits(value) : value.toString('latin1');
  return /^\d{3}$/.test(text) ? Number(text) : -1;
}

function skipInteger(payload: Buffer, at: number, mask: number): number {
  if ((payload[at]! & mask) !== mask) return at + 1;
  let next = at + 1;
  while (((payload[next] ?? 0) & 0x80) !== 0) next += 1;
  return next + 1;
}

function decodeDigits(bytes: Buffer): string {
  let bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  let text = '';
  while (text.length < STATUS_DIGITS) {
    const digit = DIGIT_CODES.findIndex((code) => bits.startsWith(code));
    if (digit < 0) return '';
    text += String(digit);
    bits = bits.slice(DIGIT_CODES[digit]!.length);
  }
  return text;
}
