// Socket addresses as C lays them out (sockaddr_in, sockaddr_in6) to and from text.
// IPv4-mapped IPv6 addresses (::ffff:a.b.c.d) are given as plain IPv4: that is what a log or X-Forwarded-For should say.
import { isIPv4, isIPv6 } from 'node:net';

export const AF_INET = 2;
export const AF_INET6 = 10;
/** Room for the largest address that `writeAddress` writes: sizeof(struct sockaddr_in6). */
export const ADDRESS_BYTES = 28;

export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

/** Address family of a literal address; throws a RangeError when it is neither IPv4 nor IPv6. */
export function familyOf(address: string): typeof AF_INET | typeof AF_INET6 {
  if (isIPv4(address)) return AF_INET;
  if (isIPv6(address) && !address.includes('%')) return AF_INET6;
  throw new RangeError(`not a literal IPv4 or IPv6 address: '${address}'`);
}

/** Writes a sockaddr at the start of `target` (at least ADDRESS_BYTES long) and returns its length. */
export function writeAddress(target: Buffer, address: string, port: number): number {
  target.fill(0, 0, ADDRESS_BYTES);
  const family = familyOf(address);
  target.writeUInt16LE(family, 0);
  target.writeUInt16BE(port, 2);
  if (family === AF_INET) {
    writeIPv4(target, 4, address);
    return 16;
  }
  writeIPv6(target, 8, address);
  return ADDRESS_BYTES;
}

/** Reads the sockaddr at the start of `source`. */
export function readAddress(source: Buffer): SocketAddress {
  const port = source.readUInt16BE(2);
  if (source.readUInt16LE(0) !== AF_INET6) return { address: readIPv4(source, 4), port };
  return { address: readIPv6(source, 8), port };
}

/** The one way of writing a literal address that `readAddress` gives too: for comparing. */
export function canonicalAddress(address: string): string {
  const buffer = Buffer.alloc(ADDRESS_BYTES);
  writeAddress(buffer, address, 0);
  return readAddress(buffer).address;
}

/** `address:port`, with brackets where IPv6 needs them. */
export function formatAddress(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Four bytes at `offset`, in network byte order. */
export function writeIPv4(target: Buffer, offset: number, address: string): void {
  for (const part of address.split('.')) target[offset++] = Number(part);
}

/** Sixteen bytes at `offset`, in network byte order. */
export function writeIPv6(target: Buffer, offset: number, address: string): void {
  target.fill(0, offset, offset + 16);
  const [head = '', tail] = address.split('::');
  const front = groupsOf(head);
  const back = tail === undefined ? [] : groupsOf(tail);
  front.forEach((group, i) => target.writeUInt16BE(group, offset + i * 2));
  back.forEach((group, i) => target.writeUInt16BE(group, offset + 16 - (back.length - i) * 2));
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

/** The last address that was read: many connections come from one. */
let lastNumber = -1;
let lastText = '';

/** The four bytes at `offset`. */
export function readIPv4(source: Buffer, offset: number): string {
  const number = source.readUInt32BE(offset);
  if (number !== lastNumber) {
    lastNumber = number;
    lastText = `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`;
  }
  return lastText;
}

/**
 * The sixteen bytes at `offset`. RFC 5952: lower case, no leading zeros, the first longest run of at least two zero groups as
 * '::'. What is mapped reads as IPv4.
 */
export function readIPv6(source: Buffer, offset: number): string {
  const groups: number[] = [];
  for (let i = 0; i < 8; i++) groups.push(source.readUInt16BE(offset + i * 2));
  if (groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0))
    return readIPv4(source, offset + 12);
  let best = 0;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) [best, length] = [i, end - i];
  }
  const hex = groups.map((group) => group.toString(16));
  if (length === 1) return hex.join(':');
  return `${hex.slice(0, best).join(':')}::${hex.slice(best + length).join(':')}`;
}
