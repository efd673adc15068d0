// The PROXY protocol as a receiver: what a proxy in front of us says about the client it connects for. One strict reader for
// both versions, which never guesses: bytes that cannot become a header are refused at the first one that shows it.
//
// Sections are those of "The PROXY protocol, versions 1 & 2" (haproxy.org, doc/proxy-protocol.txt).
import type { SocketAddress } from '#native/address';
import { readVersion1 } from './version-1.ts';
import { readVersion2, SIGNATURE } from './version-2.ts';

const PROXY = Buffer.from('PROXY ');

/** A complete header. */
export interface ProxyHeader {
  /** Bytes of it, addresses and TLVs included; the connection's own begin after them. */
  readonly length: number;
  /** Whose connection it is; undefined: the sender's own (LOCAL, UNKNOWN, AF_UNSPEC), so its addresses hold. */
  readonly relayed: Relayed | undefined;
}

export interface Relayed {
  readonly source: SocketAddress;
  readonly destination: SocketAddress;
}

/** A header, a text that says why there is none, or undefined: more bytes are needed. */
export type HeaderResult = ProxyHeader | string | undefined;

/**
 * Reads the header that begins at `start`; `end` is as far as bytes have come. `most` is the largest length that a version 2
 * header may announce (its 16 bytes apart); a version 1 header has at most 107 bytes (section 2.1).
 */
export function readProxyHeader(bytes: Buffer, start: number, end: number, most: number): HeaderResult {
  if (start === end) return undefined;
  const signature = bytes[start] === SIGNATURE[0] ? SIGNATURE : PROXY;
  const length = Math.min(end - start, signature.length);
  if (bytes.compare(signature, 0, length, start, start + length) !== 0)
    return 'does not begin with a PROXY protocol header';
  if (length < signature.length) return undefined;
  return signature === PROXY ? readVersion1(bytes, start, end) : readVersion2(bytes, start, end, most);
}
