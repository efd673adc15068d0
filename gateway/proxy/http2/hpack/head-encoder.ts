// The head of an HTTP/1.1 message becomes a header block of HTTP/2 (RFC 7541, RFC 9113 section 8.3). The head is one of our
// own writers' or was scanned before: it is not checked again. Fields that speak of a connection do not get through.
//
//   GET /a HTTP/1.1 | Host: b | Accept: */* | (empty)   ->   :method GET  :scheme http  :path /a  :authority b  accept */*
//
// A line whose colon is not followed by a space is never put into a table: that is how head-decoder.ts marks the fields that
// its peer wants so (RFC 7541 section 6.2.3).
import { isWord, word } from '../../http1/octets.ts';
import { ENTRY_OVERHEAD } from './dynamic-table.ts';
import { EncodingTable, FIELD_LINE, HOST_LINE, PATH_LINE, type Form } from './encoding-table.ts';
import { HeaderLine } from './header-line.ts';
import { CONNECTION, HOST, TE } from './kind.ts';
import { findName, NAME_INDEXING, NAME_KINDS, NAME_STATIC, NEVER, UNIQUE } from './known-name.ts';
import {
  NEVER_INDEXED,
  WITH_INDEXING,
  WITHOUT_INDEXING,
  writeIndexed,
  writeLiteral,
  writeResize,
  writeString,
} from './representation.ts';

const CR = 13;
const LF = 10;
const SP = 32;
const COLON = 58;
const SLASH = 47;
/** "HTTP/1.1 " */
const VERSION_LENGTH = 9;
const GET = Buffer.from('GET');
const POST = Buffer.from('POST');
const TRAILERS = word('trailers');
const HOST_NAME = word('host');
const INITIAL_TABLE_SIZE = 4096;
/** Most of the pseudo-header fields, two table size updates and what long strings take for their length. */
const ADDED = 64;

/** Indices of the static table, and lengths of names (RFC 7541 appendix A). */
const AUTHORITY_NAME = 1;
const AUTHORITY_LENGTH = 10;
const METHOD_NAME = 2;
const METHOD_GET = 2;
const METHOD_POST = 3;
const PATH_NAME = 4;
const PATH_LENGTH = 5;
const PATH_ROOT = 4;
const SCHEME_HTTP = 6;
const SCHEME_HTTPS = 7;
const STATUS_NAME = 8;
const STATUS_INDEX: Readonly<Record<number, number>> = {
  200: 8,
  204: 9,
  206: 10,
  304: 11,
  400: 12,
  404: 13,
  500: 14,
};

const line = new HeaderLine();

/** The encoder of one connection. What writes returns the index after what it wrote; `bound` tells the room that it may need. */
export class HeadEncoder {
  readonly #table: EncodingTable;
  readonly #most: number;
  /** Sizes of the table that the peer is to be told of: the smallest since the last block, and the last; -1 for none. */
  #smallest = -1;
  #resized = -1;

  /** `maxTableSize`: what we are willing to keep, whatever the peer allows. */
  constructor(maxTableSize: number) {
    this.#most = maxTableSize;
    this.#table = new EncodingTable(INITIAL_TABLE_SIZE);
    if (maxTableSize < INITIAL_TABLE_SIZE) this.setMaxTableSize(maxTableSize);
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. The next block says what we made of it (RFC 7541 section 4.2). */
  setMaxTableSize(size: number): void {
    const next = Math.min(size, this.#most);
    if (next === this.#table.maxSize) return;
    this.#table.resize(next);
    this.#smallest = this.#smallest < 0 ? next : Math.min(this.#smallest, next);
    this.#resized = next;
  }

  /** Most bytes that the block of a head of `length` bytes takes, a protocol included. */
  bound(length: number): number {
    return length + (length >>> 5) + ADDED;
  }

  /** `protocol`: '' but for an extended CONNECT (RFC 8441), whose head is that of a GET. */
  request(
    text: Buffer,
    start: number,
    end: number,
    scheme: 'http' | 'https',
    out: Buffer,
    at: number,
    protocol = '',
  ): number {
    at = this.#announce(out, at);
    let methodEnd = start;
    while (methodEnd < end && text[methodEnd] !== SP) methodEnd++;
    at = protocol === '' ? writeMethod(text, start, methodEnd, out, at) : writeConnect(protocol, out, at);
    at = writeIndexed(out, at, scheme === 'http' ? SCHEME_HTTP : SCHEME_HTTPS);
    const table = this.#table;
    const target = methodEnd + 1;
    let lines = target;
    const path = table.expected(text, target, end, PATH_LINE);
    if (path === 0) {
      line.readTarget(text, target, end);
      lines = line.end;
      if (line.valueEnd === target + 1 && text[target] === SLASH) at = writeIndexed(out, at, PATH_ROOT);
      else at = this.#write(text, PATH_LINE, PATH_NAME, PATH_LENGTH, out, at);
    } else {
      lines += table.found;
      at = writeIndexed(out, at, path);
    }
    const authority = table.expected(text, lines, end, HOST_LINE);
    if (authority !== 0) {
      lines += table.found;
      at = writeIndexed(out, at, authority);
    } else {
      const host = findHost(text, lines, end);
      if (host >= 0) {
        line.read(text, host, end);
        if (host === lines) lines = line.end;
        at = this.#write(text, HOST_LINE, AUTHORITY_NAME, AUTHORITY_LENGTH, out, at);
      }
    }
    return this.#fields(text, lines, end, out, at, true);
  }

  /** Interim (1xx) answers too. */
  response(text: Buffer, start: number, end: number, out: Buffer, at: number): number {
    at = this.#announce(out, at);
    const from = start + VERSION_LENGTH;
    const status = (text[from]! - 48) * 100 + (text[from + 1]! - 48) * 10 + text[from + 2]! - 48;
    const index = STATUS_INDEX[status];
    if (index !== undefined) at = writeIndexed(out, at, index);
    else {
      out[at] = STATUS_NAME;
      at = writeString(out, at + 1, text, from, from + 3, false);
    }
    let i = from + 3;
    while (i < end && text[i] !== CR) i++;
    return this.#fields(text, i + 2, end, out, at, false);
  }

  /** Header lines and the empty one. */
  trailers(text: Buffer, start: number, end: number, out: Buffer, at: number): number {
    return this.#fields(text, start, end, out, this.#announce(out, at), false);
  }

  /** Begins a block: tells the peer what became of the table's size. */
  #announce(out: Buffer, at: number): number {
    if (this.#resized < 0) return at;
    if (this.#smallest < this.#resized) at = writeResize(out, at, this.#smallest);
    at = writeResize(out, at, this.#resized);
    this.#smallest = -1;
    this.#resized = -1;
    return at;
  }

  /** All the lines up to the empty one. */
  #fields(text: Buffer, i: number, end: number, out: Buffer, at: number, request: boolean): number {
    const table = this.#table;
    const together = table.expectedRun(text, i, end);
    if (together > 0) {
      i += table.found;
      for (let n = 0; n < together; n++) at = writeIndexed(out, at, table.index - n);
    }
    while (i < end && text[i] !== CR) {
      const index = table.expected(text, i, end, FIELD_LINE);
      if (index !== 0) {
        at = writeIndexed(out, at, index);
        i += table.found;
      } else {
        table.breakRun();
        line.read(text, i, end);
        i = line.end;
        at = this.#field(text, out, at, request);
      }
    }
    table.endRun();
    return at;
  }

  /** The field of `line`, which is not the one that was expected. */
  #field(text: Buffer, out: Buffer, at: number, request: boolean): number {
    const known = findName(text, line.start, line.nameEnd);
    const never = line.valueStart === line.nameEnd + 1 && line.valueEnd > line.valueStart;
    const length = line.nameEnd - line.start;
    if (known < 0) {
      if (never) return writeLiteral(out, at, NEVER_INDEXED, 0, text, line, false);
      return this.#write(text, FIELD_LINE, 0, length, out, at);
    }
    const kind = NAME_KINDS[known]!;
    if (kind === CONNECTION || (kind === HOST && request)) return at;
    if (kind === TE && !isTrailers(text)) return at;
    const name = NAME_STATIC[known]!;
    const indexing = NAME_INDEXING[known]!;
    if (never || indexing === NEVER) return writeLiteral(out, at, NEVER_INDEXED, name, text, line, false);
    if (indexing === UNIQUE) return writeLiteral(out, at, WITHOUT_INDEXING, name, text, line, false);
    return this.#write(text, FIELD_LINE, name, length, out, at);
  }

  /** `line` by the table: as an index, or as a literal that goes into the table when it came before. */
  #write(text: Buffer, form: Form, name: number, nameLength: number, out: Buffer, at: number): number {
    const table = this.#table;
    const index = table.find(text, line.start, line.end, form);
    if (index !== 0) return writeIndexed(out, at, index);
    const size = nameLength + line.valueEnd - line.valueStart + ENTRY_OVERHEAD;
    const learned = table.learn(text, line.start, line.end, form, size);
    // Only what is sent once is worth packing.
    return writeLiteral(out, at, learned ? WITH_INDEXING : WITHOUT_INDEXING, name, text, line, learned);
  }
}

/** Where the Host line starts, which is usually the first one; -1 without. */
function findHost(text: Buffer, start: number, end: number): number {
  while (start < end && text[start] !== CR) {
    if (text[start + HOST_NAME.length] === COLON && isWord(text, start, HOST_NAME)) return start;
    const lineEnd = text.indexOf(LF, start);
    if (lineEnd < 0) return -1;
    start = lineEnd + 1;
  }
  return -1;
}

function writeMethod(text: Buffer, start: number, end: number, out: Buffer, at: number): number {
  if (is(text, start, end, GET)) return writeIndexed(out, at, METHOD_GET);
  if (is(text, start, end, POST)) return writeIndexed(out, at, METHOD_POST);
  out[at] = METHOD_NAME;
  return writeString(out, at + 1, text, start, end, false);
}

function writeConnect(protocol: string, out: Buffer, at: number): number {
  const text = Buffer.from(`CONNECT:protocol${protocol}`, 'latin1');
  out[at] = METHOD_NAME;
  at = writeString(out, at + 1, text, 0, 7, false);
  out[at] = WITHOUT_INDEXING;
  at = writeString(out, at + 1, text, 7, 16, false);
  return writeString(out, at, text, 16, text.length, false);
}

function isTrailers(text: Buffer): boolean {
  return line.valueEnd - line.valueStart === TRAILERS.length && isWord(text, line.valueStart, TRAILERS);
}

function is(text: Buffer, start: number, end: number, other: Buffer): boolean {
  if (end - start !== other.length) return false;
  for (let i = 0; i < other.length; i++) if (text[start + i] !== other[i]) return false;
  return true;
}
