// A header block of HTTP/2 becomes the head of HTTP/1.1 that it stands for, and every rule of RFC 9113 section 8 is checked on
// the way. What comes out is scanned again like any head that came by HTTP/1.1: nothing in it ends a line but the line ends
// written here, and no line frames a body but content-length.
//
//   :method GET  :scheme http  :path /a  :authority b  accept */*   ->   GET /a HTTP/1.1 | host: b | accept: */* | (empty)
//
// Lines are copied in runs: what the peer has put into the table together stands there together, and is one copy.
import type { Bytes } from '../../channel.ts';
import { copyBytes } from '../../http1/copy.ts';
import { BlockReader, type Decoding } from './block-reader.ts';
import { DynamicTable } from './dynamic-table.ts';
import { AUTHORITY, BLOCK_END, COOKIE, HOST, METHOD, PLAIN, PROTOCOL, STATUS, TE } from './kind.ts';
import {
  HEAD_TOO_LARGE,
  HOST_DIFFERS,
  isCompressionFault,
  PSEUDO_DOUBLED,
  PSEUDO_LATE,
  PSEUDO_UNKNOWN,
  STATUS_MISSING,
  STRING_TOO_LONG,
  TE_INVALID,
  TOO_MANY_HEADERS,
  TRAILER_FORBIDDEN,
} from './head-fault.ts';
import { LineRun } from './line-run.ts';
import { RequestHead } from './request-head.ts';

/** Size of both tables until SETTINGS say otherwise (RFC 9113 section 6.5.2). */
const INITIAL_TABLE_SIZE = 4096;
const CR = 13;
const LF = 10;
const SEMICOLON = 59;
const SP = 32;
const STATUS_LINE: Buffer = Buffer.from('HTTP/1.1 ');
const COOKIE_NAME: Buffer = Buffer.from('cookie: ');
const NO_BYTES: Buffer = Buffer.alloc(0);

export interface HeadLimits {
  /** What we say in SETTINGS_HEADER_TABLE_SIZE. */
  readonly maxTableSize: number;
  /** Sum of all names and values and 32 for each field, as SETTINGS_MAX_HEADER_LIST_SIZE counts it. */
  readonly maxHeadBytes: number;
  /** Most lines of a head, the first one not counted, cookies as one. */
  readonly maxHeaders: number;
}

const field = new BlockReader();
const pseudo = new RequestHead();
/** All crumbs of a request's cookies (RFC 9113 section 8.2.3), as one line. */
let cookies = NO_BYTES;

const lines = new LineRun();

/**
 * The decoder of one connection. Each call takes a whole block (fragments joined) and writes at `at` of `out`, where
 * `maxHeadBytes` + 2 bytes should have room; what finds none is too large. It returns the index after the head, or a fault of
 * head-fault.ts. Unless its kind is COMPRESSION the table is in step all the same; what was written is then of no meaning.
 */
export class HeadDecoder {
  /** Of the last request: 'http', 'https', any other, or '' for CONNECT. */
  scheme = '';
  /** Of the last request: what an extended CONNECT (RFC 8441) asks for, 'websocket' for one. Its head is that of a GET. */
  protocol = '';
  /** Of the last request: the method is CONNECT, extended or not. */
  isConnect = false;
  /** Of the last request: it said `te: trailers`. */
  takesTrailers = false;
  readonly #limits: HeadLimits;
  readonly #decoding: Decoding;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
    // Until it has acknowledged our SETTINGS, the peer may use the initial size.
    const most = Math.max(limits.maxTableSize, INITIAL_TABLE_SIZE);
    this.#decoding = { table: new DynamicTable(INITIAL_TABLE_SIZE), mostTableSize: most };
    field.reserve(2 * (limits.maxHeadBytes + most));
    if (cookies.length < limits.maxHeadBytes) cookies = Buffer.allocUnsafeSlow(limits.maxHeadBytes);
  }

  /** The peer has acknowledged our SETTINGS: from its next block on, our table size holds. */
  acknowledge(): void {
    this.#decoding.mostTableSize = this.#limits.maxTableSize;
  }

  /** "METHOD target HTTP/1.1", Host made of :authority, the fields in their order, cookies last as one line, the empty line. */
  request(block: Buffer, start: number, end: number, out: Bytes, at: number): number {
    const to = out.buffer;
    const most = this.#open(block, start, end, to, at);
    pseudo.reset();
    this.takesTrailers = false;
    let size = 0;
    let count = -1;
    let cookiesEnd = 0;
    for (;;) {
      const kind = field.next();
      if (kind === BLOCK_END) break;
      if (kind < 0) return this.#refuse(kind);
      size += field.size;
      if (size > most) return this.#refuse(HEAD_TOO_LARGE);
      if (kind >= METHOD) {
        const fault = count < 0 ? pseudo.note(kind, field) : PSEUDO_LATE;
        if (fault < 0) return this.#refuse(fault);
        continue;
      }
      if (count < 0) {
        at = pseudo.write(to, at);
        if (at < 0) return this.#refuse(at);
        lines.open(to, at);
        count = pseudo.has(AUTHORITY) ? 1 : 0;
      }
      if (kind === COOKIE) {
        if (cookiesEnd === 0) count++;
        cookiesEnd = addCrumb(cookiesEnd);
        continue;
      }
      if (kind === HOST && pseudo.has(AUTHORITY)) {
        if (pseudo.isAuthority(field.bytes, field.valueStart, field.end - 2)) continue;
        return this.#refuse(HOST_DIFFERS);
      }
      if (kind === TE) this.takesTrailers = true;
      if (++count > this.#limits.maxHeaders) return this.#refuse(TOO_MANY_HEADERS);
      lines.add(field);
    }
    if (count < 0) {
      at = pseudo.write(to, at);
      if (at < 0) return at;
    } else at = lines.close();
    if (cookiesEnd > 0) {
      at = endLine(to, copyBytes(cookies, 0, cookiesEnd, to, at));
      if (count > this.#limits.maxHeaders) return TOO_MANY_HEADERS;
    }
    this.scheme = pseudo.scheme;
    this.protocol = pseudo.text(PROTOCOL);
    this.isConnect = pseudo.isConnect;
    return endLine(to, at);
  }

  /** "HTTP/1.1 status ", the fields in their order, the empty line. Interim (1xx) answers too. */
  response(block: Buffer, start: number, end: number, out: Bytes, at: number): number {
    const to = out.buffer;
    const most = this.#open(block, start, end, to, at);
    let size = 0;
    let count = -1;
    for (;;) {
      const kind = field.next();
      if (kind === BLOCK_END) break;
      if (kind < 0) return this.#refuse(kind);
      size += field.size;
      if (size > most) return this.#refuse(HEAD_TOO_LARGE);
      if (kind === STATUS) {
        if (count >= 0) return this.#refuse(count === 0 ? PSEUDO_DOUBLED : PSEUDO_LATE);
        count = 0;
        at = copyBytes(STATUS_LINE, 0, STATUS_LINE.length, to, at);
        at = copyBytes(field.bytes, field.valueStart, field.end - 2, to, at);
        to[at] = SP;
        lines.open(to, endLine(to, at + 1));
        continue;
      }
      if (kind >= METHOD) return this.#refuse(PSEUDO_UNKNOWN);
      if (kind === TE) return this.#refuse(TE_INVALID);
      if (count < 0) return this.#refuse(STATUS_MISSING);
      if (++count > this.#limits.maxHeaders) return this.#refuse(TOO_MANY_HEADERS);
      lines.add(field);
    }
    return count < 0 ? STATUS_MISSING : endLine(to, lines.close());
  }

  /** The fields in their order and the empty line, of a request or an answer. */
  trailers(block: Buffer, start: number, end: number, out: Bytes, at: number): number {
    const most = this.#open(block, start, end, out.buffer, at);
    let size = 0;
    let count = 0;
    for (;;) {
      const kind = field.next();
      if (kind === BLOCK_END) break;
      if (kind < 0) return this.#refuse(kind);
      size += field.size;
      if (size > most) return this.#refuse(HEAD_TOO_LARGE);
      if (kind >= METHOD) return this.#refuse(PSEUDO_UNKNOWN);
      if (kind !== PLAIN) return this.#refuse(TRAILER_FORBIDDEN);
      if (++count > this.#limits.maxHeaders) return this.#refuse(TOO_MANY_HEADERS);
      lines.add(field);
    }
    return endLine(out.buffer, lines.close());
  }

  /** Keeps the table in step for a block that nobody wants. 0, or a fault of kind COMPRESSION. */
  refuse(block: Buffer, start: number, end: number): number {
    field.open(this.#decoding, block, start, end);
    const result = field.drain();
    return result < 0 ? result : 0;
  }

  /** Returns how large the head may be: every line takes less than it counts for, so no more than that is written. */
  #open(block: Buffer, start: number, end: number, to: Buffer, at: number): number {
    field.open(this.#decoding, block, start, end);
    lines.open(to, at);
    return Math.min(this.#limits.maxHeadBytes, to.length - at - 2);
  }

  /** The rest of the block is read for the table alone, so that nothing is made of it however large it would become. */
  #refuse(fault: number): number {
    if (isCompressionFault(fault)) return fault;
    const result = field.drain();
    if (result < 0) return result;
    return fault === STRING_TOO_LONG ? HEAD_TOO_LARGE : fault;
  }
}

/** Index after the cookie that was just read, in `cookies`. */
function addCrumb(at: number): number {
  if (at === 0) at = copyBytes(COOKIE_NAME, 0, COOKIE_NAME.length, cookies, 0);
  else {
    cookies[at++] = SEMICOLON;
    cookies[at++] = SP;
  }
  return copyBytes(field.bytes, field.valueStart, field.end - 2, cookies, at);
}

function endLine(to: Buffer, at: number): number {
  to[at] = CR;
  to[at + 1] = LF;
  return at + 2;
}
