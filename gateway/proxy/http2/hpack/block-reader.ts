// Reads the fields of header blocks one after the other (RFC 7541 section 6) and keeps the dynamic table in step. One per
// worker serves all connections, as a block is read at once.
//
// Every field is shown as a line of an HTTP/1.1 head in the buffer where it happens to stand: that of the static table, of
// the dynamic table, or `#literals`, where the literals of a block follow each other. A field that is in a table costs
// reading its index: whoever wants its bytes copies them, several lines at once when they stand together.
import { copyBytes } from '../../http1/copy.ts';
import { DynamicTable, ENTRY_OVERHEAD, LINE_LENGTH, NOTE, SECOND_NOTE } from './dynamic-table.ts';
import { kindOf } from './field-kind.ts';
import {
  INDEX_INVALID,
  INTEGER_INVALID,
  isCompressionFault,
  RESIZE_LATE,
  RESIZE_MISSING,
  RESIZE_TOO_LARGE,
  STRING_CUT,
  STRING_TOO_LONG,
} from './head-fault.ts';
import { decodeHuffman } from './huffman.ts';
import { BLOCK_END } from './kind.ts';
import { STATIC_COUNT, STATIC_FIELDS, STATIC_LINES } from './static-table.ts';

const COLON = 58;
const SP = 32;
const CR = 13;
const LF = 10;
/** First bytes of the representations. */
const INDEXED = 0x80;
const INDEXING = 0x40;
const RESIZE = 0x20;
const NEVER_INDEXED = 0x10;
/** Integers of 2^28 and more could only be meant to harm: no block is as long. */
const MAX_SHIFT = 21;
/** Colon, space, CR and LF. */
const LINE_OVERHEAD = 4;

const NAME_LENGTH = NOTE;
const KIND = SECOND_NOTE;

const STATIC_NUMBERS = STATIC_FIELDS.length + 1;
const staticStart = new Int32Array(STATIC_NUMBERS);
const staticName = new Int32Array(STATIC_NUMBERS);
const staticEnd = new Int32Array(STATIC_NUMBERS);
const staticKind = new Int32Array(STATIC_NUMBERS);
let position = 0;
STATIC_FIELDS.forEach(([name, value], i) => {
  const valueStart = position + name.length + 2;
  const valueEnd = valueStart + value.length;
  staticStart[i + 1] = position;
  staticName[i + 1] = name.length;
  staticEnd[i + 1] = valueEnd + 2;
  staticKind[i + 1] = kindOf(STATIC_LINES, position, position + name.length, valueStart, valueEnd);
  position = valueEnd + 2;
});

/** What decoding needs to know of a connection. */
export interface Decoding {
  readonly table: DynamicTable;
  /** Most that the peer may set the table to. */
  mostTableSize: number;
}

export class BlockReader {
  /** The field that `next` found: its line, CR LF included, is `bytes` from `start` to `end`. */
  bytes: Buffer = STATIC_LINES;
  start = 0;
  nameEnd = 0;
  valueStart = 0;
  end = 0;
  /** Its size as RFC 7541 section 4.1 counts it. */
  size = 0;

  #decoding: Decoding = { table: new DynamicTable(0), mostTableSize: 0 };
  #block: Buffer = STATIC_LINES;
  #at = 0;
  #blockEnd = 0;
  #fieldSeen = false;
  #literals: Buffer = Buffer.alloc(0);
  #literalsEnd = 0;

  /** Makes room for the literals of a block whose lines may take `bytes`, so that one more field is never too long for it. */
  reserve(bytes: number): void {
    if (this.#literals.length < bytes) this.#literals = Buffer.allocUnsafeSlow(bytes);
  }

  open(decoding: Decoding, block: Buffer, start: number, end: number): void {
    this.#decoding = decoding;
    this.#block = block;
    this.#at = start;
    this.#blockEnd = end;
    this.#fieldSeen = false;
    this.#literalsEnd = 0;
  }

  /** The kind of the next field, BLOCK_END, or a fault. After one of kind COMPRESSION nothing more can be read. */
  next(): number {
    while (this.#at < this.#blockEnd) {
      const first = this.#block[this.#at]!;
      if (first >= RESIZE && first < INDEXING) {
        const fault = this.#resize();
        if (fault < 0) return fault;
        continue;
      }
      if (!this.#fieldSeen) {
        if (this.#decoding.table.maxSize > this.#decoding.mostTableSize) return RESIZE_MISSING;
        this.#fieldSeen = true;
      }
      if (first >= INDEXED) {
        const index = this.#integer(127);
        return index < 0 ? index : this.#find(index);
      }
      if (first >= INDEXING) return this.#literal(63, true, false);
      return this.#literal(15, false, first >= NEVER_INDEXED);
    }
    return BLOCK_END;
  }

  /** Reads to the end for the table alone. BLOCK_END, or a fault of kind COMPRESSION. */
  drain(): number {
    for (;;) {
      this.#literalsEnd = 0;
      const kind = this.next();
      if (kind === BLOCK_END || isCompressionFault(kind)) return kind;
    }
  }

  /** Shows the entry of an index. Its kind, or a fault. */
  #find(index: number): number {
    if (index <= STATIC_COUNT) {
      if (index === 0) return INDEX_INVALID;
      this.bytes = STATIC_LINES;
      this.start = staticStart[index]!;
      this.nameEnd = this.start + staticName[index]!;
      this.end = staticEnd[index]!;
      this.valueStart = this.nameEnd + 2;
      this.size = this.end - this.start - LINE_OVERHEAD + ENTRY_OVERHEAD;
      return staticKind[index]!;
    }
    const { table } = this.#decoding;
    const age = index - STATIC_COUNT;
    if (age > table.count) return INDEX_INVALID;
    const place = table.place((table.added - age) | 0);
    const { notes } = table;
    const length = notes[place + LINE_LENGTH]!;
    this.bytes = table.lines;
    this.start = table.lineStart(place);
    this.nameEnd = this.start + notes[place + NAME_LENGTH]!;
    this.end = this.start + length;
    this.valueStart = this.nameEnd + 2;
    this.size = length - LINE_OVERHEAD + ENTRY_OVERHEAD;
    return notes[place + KIND]!;
  }

  /**
   * Reads a literal (sections 6.2.1 to 6.2.3). A field that is never to be indexed has no space after its colon, which HTTP/1.1
   * does not mind: so an encoder further on knows of it.
   */
  #literal(mask: number, indexing: boolean, never: boolean): number {
    const { table } = this.#decoding;
    const index = this.#integer(mask);
    if (index < 0) return index;
    const start = this.#literalsEnd;
    let at = start;
    let tooLong = false;
    if (index === 0) at = this.#string(at);
    else {
      const kind = this.#find(index);
      if (kind === INDEX_INVALID) return kind;
      const length = this.nameEnd - this.start;
      if (at + length > this.#literals.length) at = STRING_TOO_LONG;
      else {
        this.bytes.copy(this.#literals, at, this.start, this.nameEnd);
        at += length;
      }
    }
    if (at < 0) {
      if (at !== STRING_TOO_LONG) return at;
      tooLong = true;
      at = start;
    }
    const nameEnd = at;
    if (!never) at++;
    const valueStart = at + 1;
    at = this.#string(valueStart);
    if (at < 0 && at !== STRING_TOO_LONG) return at;
    if (tooLong || at < 0 || at + 2 > this.#literals.length) {
      if (indexing) table.add(this.#literals, 0, 0, table.maxSize + 1);
      return STRING_TOO_LONG;
    }
    const to = this.#literals;
    to[nameEnd] = COLON;
    if (!never) to[nameEnd + 1] = SP;
    to[at] = CR;
    to[at + 1] = LF;
    this.bytes = to;
    this.start = start;
    this.nameEnd = nameEnd;
    this.valueStart = valueStart;
    this.end = at + 2;
    this.size = nameEnd - start + (at - valueStart) + ENTRY_OVERHEAD;
    this.#literalsEnd = this.end;
    const kind = kindOf(to, start, nameEnd, valueStart, at);
    if (indexing) {
      const place = table.add(to, start, this.end, this.size);
      if (place >= 0) {
        table.notes[place + NAME_LENGTH] = nameEnd - start;
        table.notes[place + KIND] = kind;
      }
    }
    return kind;
  }

  /** Reads a string to `at` of the literals. The index after it, or a fault; after STRING_TOO_LONG it was read past. */
  #string(at: number): number {
    if (this.#at >= this.#blockEnd) return STRING_CUT;
    const coded = this.#block[this.#at]! >= 0x80;
    const length = this.#integer(127);
    if (length < 0) return length;
    const start = this.#at;
    const end = start + length;
    if (end > this.#blockEnd) return STRING_CUT;
    this.#at = end;
    const to = this.#literals;
    if (coded) return decodeHuffman(this.#block, start, end, to, at, to.length);
    if (at + length > to.length) return STRING_TOO_LONG;
    return copyBytes(this.#block, start, end, to, at);
  }

  /** Reads the integer whose first byte is next. Its value, or a fault. */
  #integer(mask: number): number {
    const block = this.#block;
    let value = block[this.#at++]! & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= MAX_SHIFT; shift += 7) {
      if (this.#at >= this.#blockEnd) return INTEGER_INVALID;
      const byte = block[this.#at++]!;
      value += (byte & 127) << shift;
      if (byte < 128) return value;
    }
    return INTEGER_INVALID;
  }

  #resize(): number {
    if (this.#fieldSeen) return RESIZE_LATE;
    const size = this.#integer(31);
    if (size < 0) return size;
    if (size > this.#decoding.mostTableSize) return RESIZE_TOO_LARGE;
    this.#decoding.table.resize(size);
    return 0;
  }
}
