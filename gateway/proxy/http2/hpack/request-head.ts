// The pseudo-header fields of one request, until the request line and the Host line can be made of them. They are not copied
// before: buffers that a field stands in stay as they are while its block is read. One per worker is used over and over.
import { copyBytes } from '../../http1/copy.ts';
import { word } from '../../http1/octets.ts';
import type { BlockReader } from './block-reader.ts';
import { AUTHORITY, METHOD, PATH, PROTOCOL, SCHEME, STATUS } from './kind.ts';
import {
  AUTHORITY_MISSING,
  CONNECT_INVALID,
  METHOD_MISSING,
  PATH_INVALID,
  PATH_MISSING,
  PROTOCOL_INVALID,
  PSEUDO_DOUBLED,
  PSEUDO_UNKNOWN,
  SCHEME_MISSING,
} from './head-fault.ts';

const SP = 32;
const CR = 13;
const LF = 10;
const ASTERISK = 42;
const NONE: Buffer = Buffer.alloc(0);
const GET: Buffer = Buffer.from('GET');
const VERSION: Buffer = Buffer.from(' HTTP/1.1\r\n');
const VERSION_AND_HOST: Buffer = Buffer.from(' HTTP/1.1\r\nhost: ');
const CONNECT = word('CONNECT');
const OPTIONS = word('OPTIONS');

export class RequestHead {
  /** Bits of the kinds that were seen. */
  #seen = 0;
  readonly #from: Buffer[] = Array.from({ length: STATUS }, () => NONE);
  readonly #start: Int32Array = new Int32Array(STATUS);
  readonly #end: Int32Array = new Int32Array(STATUS);

  reset(): void {
    this.#seen = 0;
  }

  has(kind: number): boolean {
    return (this.#seen & (1 << kind)) !== 0;
  }

  /** Notes the field that was just read. 0 or a fault. */
  note(kind: number, field: BlockReader): number {
    if (kind >= STATUS) return PSEUDO_UNKNOWN;
    const bit = 1 << kind;
    if ((this.#seen & bit) !== 0) return PSEUDO_DOUBLED;
    this.#seen |= bit;
    this.#from[kind] = field.bytes;
    this.#start[kind] = field.valueStart;
    this.#end[kind] = field.end - 2;
    return 0;
  }

  get isConnect(): boolean {
    return this.#is(METHOD, CONNECT);
  }

  /** Text of a field, '' without it. */
  text(kind: number): string {
    return this.has(kind) ? this.#from[kind]!.toString('latin1', this.#start[kind], this.#end[kind]) : '';
  }

  /** 'http' and 'https' cost no string. */
  get scheme(): string {
    const length = this.#end[SCHEME]! - this.#start[SCHEME]!;
    if (!this.has(SCHEME)) return '';
    const from = this.#from[SCHEME]!;
    const at = this.#start[SCHEME]!;
    if (
      length >= 4 &&
      length <= 5 &&
      from[at] === 104 &&
      from[at + 1] === 116 &&
      from[at + 2] === 116 &&
      from[at + 3] === 112
    ) {
      if (length === 4) return 'http';
      if (from[at + 4] === 115) return 'https';
    }
    return this.text(SCHEME);
  }

  /** Does a Host line say what :authority says? */
  isAuthority(bytes: Buffer, start: number, end: number): boolean {
    const from = this.#from[AUTHORITY]!;
    let at = this.#start[AUTHORITY]!;
    if (end - start !== this.#end[AUTHORITY]! - at) return false;
    for (; start < end; start++, at++) if (lower(bytes[start]!) !== lower(from[at]!)) return false;
    return true;
  }

  /**
   * Writes the request line, and the Host line when there is :authority. Returns the index after them, or a fault. An extended
   * CONNECT (RFC 8441) becomes GET, as the upgrade that it stands for is one.
   */
  write(to: Buffer, at: number): number {
    if (!this.has(METHOD)) return METHOD_MISSING;
    const connect = this.isConnect;
    const tunnel = connect && !this.has(PROTOCOL);
    if (tunnel) {
      if (this.has(SCHEME) || this.has(PATH)) return CONNECT_INVALID;
      if (!this.has(AUTHORITY)) return AUTHORITY_MISSING;
    } else {
      if (!connect && this.has(PROTOCOL)) return PROTOCOL_INVALID;
      if (!this.has(SCHEME)) return SCHEME_MISSING;
      if (!this.has(PATH)) return PATH_MISSING;
      if (this.#from[PATH]![this.#start[PATH]!] === ASTERISK && !this.#is(METHOD, OPTIONS))
        return PATH_INVALID;
    }
    at = connect && !tunnel ? copyBytes(GET, 0, GET.length, to, at) : this.#copy(METHOD, to, at);
    to[at++] = SP;
    at = this.#copy(tunnel ? AUTHORITY : PATH, to, at);
    if (!this.has(AUTHORITY)) return copyBytes(VERSION, 0, VERSION.length, to, at);
    at = copyBytes(VERSION_AND_HOST, 0, VERSION_AND_HOST.length, to, at);
    at = this.#copy(AUTHORITY, to, at);
    to[at] = CR;
    to[at + 1] = LF;
    return at + 2;
  }

  #copy(kind: number, to: Buffer, at: number): number {
    return copyBytes(this.#from[kind]!, this.#start[kind]!, this.#end[kind]!, to, at);
  }

  /** The field was noted. */
  #is(kind: number, text: Uint8Array): boolean {
    const from = this.#from[kind]!;
    const start = this.#start[kind]!;
    if (this.#end[kind]! - start !== text.length) return false;
    for (let i = 0; i < text.length; i++) if (from[start + i] !== text[i]) return false;
    return true;
  }
}

function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte | 0x20 : byte;
}
