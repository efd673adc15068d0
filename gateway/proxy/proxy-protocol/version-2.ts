// The binary header (section 2.2):
//
//   | signature 12 | version 4 bits, command 4 bits | family 4 bits, protocol 4 bits | length 2 | addresses | TLVs |
import type { SocketAddress } from '#native/address';
import { readIPv4, readIPv6 } from '#native/address';
import { crc32c } from './crc32c.ts';
import type { HeaderResult } from './read-header.ts';

export const SIGNATURE: Buffer = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Signature, version and command, family and protocol, length. */
export const FIXED = 16;
export const VERSION_2 = 0x20;
const LOCAL = 0;
export const PROXY = 1;
const UNSPECIFIED = 0x00;
export const TCP4 = 0x11;
export const TCP6 = 0x21;
/** Bytes of two addresses and two ports. */
export const TCP4_BYTES = 12;
export const TCP6_BYTES = 36;

/** Type and length of a TLV. */
const TLV_HEAD = 3;
const CRC32C = 0x03;

/** `bytes` have the signature at `start`. */
export function readVersion2(bytes: Buffer, start: number, end: number, most: number): HeaderResult {
  const have = end - start;
  if (have > 12 && (bytes[start + 12]! & 0xf0) !== VERSION_2) return 'the version is not 2';
  if (have > 12 && (bytes[start + 12]! & 0x0f) > PROXY) return 'the command is neither LOCAL nor PROXY';
  if (have < FIXED) return undefined;
  const rest = bytes.readUInt16BE(start + 14);
  if (rest > most) return `the header announces ${rest} bytes, more than ${most}`;
  const length = FIXED + rest;
  // LOCAL: the sender speaks for itself, and the block is to be discarded with its family.
  if ((bytes[start + 12]! & 0x0f) === LOCAL)
    return have < length ? undefined : { length, relayed: undefined };
  const family = bytes[start + 13]!;
  if (family === UNSPECIFIED) return have < length ? undefined : { length, relayed: undefined };
  // A receiver may treat what it does not serve as unspecified, and refuse that: nobody relays a datagram or a UNIX socket here.
  if (family !== TCP4 && family !== TCP6) return 'the family is not that of TCP over IPv4 or IPv6';
  const addresses = family === TCP4 ? TCP4_BYTES : TCP6_BYTES;
  if (rest < addresses) return `the header announces ${rest} bytes, too few for its addresses`;
  if (have < length) return undefined;
  const fault = checkTlvs(bytes, start, start + FIXED + addresses, start + length);
  if (fault !== '') return fault;
  const at = start + FIXED;
  const size = family === TCP4 ? 4 : 16;
  const read = family === TCP4 ? readIPv4 : readIPv6;
  const endOf = (index: number): SocketAddress => ({
    address: read(bytes, at + index * size),
    port: bytes.readUInt16BE(at + 2 * size + index * 2),
  });
  return { length, relayed: { source: endOf(0), destination: endOf(1) } };
}

/** What TLVs say is not asked for, but they must fill the header, and a checksum among them must hold (section 2.2.3). */
function checkTlvs(bytes: Buffer, start: number, at: number, end: number): string {
  while (at < end) {
    const next = at + TLV_HEAD + (end - at < TLV_HEAD ? 0 : bytes.readUInt16BE(at + 1));
    if (next > end) return 'a TLV is longer than the header';
    if (bytes[at] === CRC32C) {
      if (next - at !== TLV_HEAD + 4) return 'the checksum does not have four bytes';
      const header = Buffer.from(bytes.subarray(start, end));
      header.fill(0, at - start + TLV_HEAD, next - start);
      if (crc32c(header) !== bytes.readUInt32BE(at + TLV_HEAD)) return 'the checksum does not hold';
    }
    at = next;
  }
  return '';
}
