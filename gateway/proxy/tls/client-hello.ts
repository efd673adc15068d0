// The first message of a TLS connection (RFC 8446 section 4.1.2), read before anything is decided: which server is wanted, and what
// the client speaks. Strict, because OpenSSL reads the same bytes afterwards and the two must not disagree; bounded, because
// anybody may send it.

/** What `readClientHello` gives: wait for more bytes, the message is whole, or why it is none. */
export const INCOMPLETE = 0;
export const COMPLETE = 1;
/** Not TLS at all: whoever sent it does not understand an alert either. */
export const NOT_TLS = -1;
export const MALFORMED = -2;
export const TOO_LARGE = -3;
/** The server name is not one of a host. */
export const BAD_NAME = -4;

export interface ClientHello {
  /** Lower case, without the dot that ends it; '' when the client names none. */
  serverName: string;
  /** Application protocols that the client offers. */
  protocols: string[];
  /** Speaks TLS 1.3. */
  tls13: boolean;
}

const RECORD_HEADER = 5;
const HANDSHAKE_HEADER = 4;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
/** RFC 8446 section 5.1. */
const LARGEST_RECORD = 16_384;
/** Post-quantum key shares make some 2 KB; nobody needs as much as this. */
const LARGEST_HELLO = 16_384;
/** Records that one message may come in. Each costs a copy. */
const MOST_RECORDS = 16;
/** Everything that may have to be looked at. */
export const LARGEST_FLIGHT: number = HANDSHAKE_HEADER + LARGEST_HELLO + MOST_RECORDS * RECORD_HEADER;

const SERVER_NAME = 0;
const ALPN = 16;
const PRE_SHARED_KEY = 41;
const SUPPORTED_VERSIONS = 43;
const TLS_1_3 = 0x0304;
/** Letters, digits, '-' and '_' in labels of 1 to 63, 253 in all (RFC 1035 section 2.3.4). An address is no name, but some send one. */
const HOST = /^(?=.{1,253}$)(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/;

const joined = Buffer.alloc(HANDSHAKE_HEADER + LARGEST_HELLO);

/** Reads `bytes` from `start` to `end`, which begin with the connection, into `hello`. */
export function readClientHello(bytes: Buffer, start: number, end: number, hello: ClientHello): number {
  hello.serverName = '';
  hello.protocols = [];
  hello.tls13 = false;
  let at = start;
  let length = 0;
  let needed = HANDSHAKE_HEADER;
  for (let record = 0; length < needed; record++) {
    if (at === end) return INCOMPLETE;
    if (record === MOST_RECORDS) return TOO_LARGE;
    if (bytes[at] !== HANDSHAKE || (at + 1 < end && bytes[at + 1] !== 3))
      return record === 0 ? NOT_TLS : MALFORMED;
    if (end - at < RECORD_HEADER) return INCOMPLETE;
    const size = bytes.readUInt16BE(at + 3);
    at += RECORD_HEADER;
    if (size === 0 || size > LARGEST_RECORD) return MALFORMED;
    const here = Math.min(size, end - at);
    // What is beyond the largest message is judged by its length, below.
    length += bytes.copy(joined, length, at, at + here);
    at += here;
    if (length >= HANDSHAKE_HEADER && needed === HANDSHAKE_HEADER) {
      if (joined[0] !== CLIENT_HELLO) return MALFORMED;
      needed += joined.readUIntBE(1, 3);
      if (needed > joined.length) return TOO_LARGE;
    }
    if (here < size && length < needed) return INCOMPLETE;
    // Nothing else may share a record with it (RFC 8446 section 5.1).
    if (length > needed || here < size) return MALFORMED;
  }
  return readMessage(joined, HANDSHAKE_HEADER, needed, hello);
}

function readMessage(bytes: Buffer, start: number, end: number, hello: ClientHello): number {
  // Version 2, random 32, then three vectors: session id, cipher suites, compression methods.
  let at = start + 34;
  if (at >= end) return MALFORMED;
  const session = bytes[at]!;
  at += 1 + session;
  if (session > 32 || at + 2 > end) return MALFORMED;
  const suites = bytes.readUInt16BE(at);
  at += 2 + suites;
  if (suites === 0 || suites % 2 === 1 || at >= end) return MALFORMED;
  const methods = bytes[at]!;
  at += 1 + methods;
  if (methods === 0 || at > end) return MALFORMED;
  // TLS 1.2 knows messages without extensions (RFC 5246 section 7.4.1.2).
  if (at === end) return COMPLETE;
  if (at + 2 > end || at + 2 + bytes.readUInt16BE(at) !== end) return MALFORMED;
  return readExtensions(bytes, at + 2, end, hello);
}

function readExtensions(bytes: Buffer, at: number, end: number, hello: ClientHello): number {
  const seen = new Set<number>();
  while (at < end) {
    if (at + 4 > end) return MALFORMED;
    const type = bytes.readUInt16BE(at);
    const from = at + 4;
    at = from + bytes.readUInt16BE(at + 2);
    // None twice, and pre_shared_key is the last (RFC 8446 sections 4.2 and 4.2.11).
    if (at > end || seen.has(type) || (type === PRE_SHARED_KEY && at !== end)) return MALFORMED;
    seen.add(type);
    const result =
      type === SERVER_NAME
        ? readServerName(bytes, from, at, hello)
        : type === ALPN
          ? readProtocols(bytes, from, at, hello)
          : type === SUPPORTED_VERSIONS
            ? readVersions(bytes, from, at, hello)
            : COMPLETE;
    if (result !== COMPLETE) return result;
  }
  return COMPLETE;
}

/** RFC 6066 section 3: a list, in practice of one host_name. */
function readServerName(bytes: Buffer, at: number, end: number, hello: ClientHello): number {
  if (end - at < 5 || at + 2 + bytes.readUInt16BE(at) !== end) return MALFORMED;
  if (bytes[at + 2] !== 0 || at + 5 + bytes.readUInt16BE(at + 3) !== end || at + 5 === end) return MALFORMED;
  const text = bytes.toString('latin1', at + 5, end).toLowerCase();
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  if (!HOST.test(name)) return BAD_NAME;
  hello.serverName = name;
  return COMPLETE;
}

/** RFC 7301 section 3.1. */
function readProtocols(bytes: Buffer, at: number, end: number, hello: ClientHello): number {
  if (end - at < 3 || at + 2 + bytes.readUInt16BE(at) !== end) return MALFORMED;
  for (at += 2; at < end;) {
    const from = at + 1;
    at = from + bytes[at]!;
    if (at === from || at > end) return MALFORMED;
    hello.protocols.push(bytes.toString('latin1', from, at));
  }
  return COMPLETE;
}

/** RFC 8446 section 4.2.1. */
function readVersions(bytes: Buffer, at: number, end: number, hello: ClientHello): number {
  if (end - at < 3 || at + 1 + bytes[at]! !== end || (end - at) % 2 === 0) return MALFORMED;
  for (at += 1; at < end; at += 2) if (bytes.readUInt16BE(at) === TLS_1_3) hello.tls13 = true;
  return COMPLETE;
}
