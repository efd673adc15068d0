// The PROXY protocol as a sender: the header that begins a connection to a backend which wants one, and tells whose it is.
import { familyOf, AF_INET, writeIPv4, writeIPv6 } from '#native/address';
import type { Relayed } from './read-header.ts';
import { FIXED, PROXY, SIGNATURE, TCP4, TCP4_BYTES, TCP6, TCP6_BYTES, VERSION_2 } from './version-2.ts';

/** Room for a header of either version. */
export const LONGEST_HEADER = 107;

/**
 * Writes a header of `version` at the start of `to` (LONGEST_HEADER bytes) and returns its length. Where one address is IPv4 and
 * the other IPv6, the first goes as ::ffff:a.b.c.d: the format knows one family per connection.
 */
export function writeProxyHeader(version: 1 | 2, { source, destination }: Relayed, to: Buffer): number {
  const ipv4 = familyOf(source.address) === AF_INET && familyOf(destination.address) === AF_INET;
  if (version === 1) {
    const [from, onto] = ipv4
      ? [source.address, destination.address]
      : [mapped(source.address), mapped(destination.address)];
    const words = ['PROXY', ipv4 ? 'TCP4' : 'TCP6', from, onto, source.port, destination.port];
    return to.write(`${words.join(' ')}\r\n`, 0, 'latin1');
  }
  const [family, size, bytes] = ipv4 ? [TCP4, 4, TCP4_BYTES] : [TCP6, 16, TCP6_BYTES];
  SIGNATURE.copy(to, 0);
  to[12] = VERSION_2 | PROXY;
  to[13] = family;
  to.writeUInt16BE(bytes, 14);
  const write = ipv4
    ? writeIPv4
    : (at: Buffer, offset: number, text: string) => writeIPv6(at, offset, mapped(text));
  write(to, FIXED, source.address);
  write(to, FIXED + size, destination.address);
  to.writeUInt16BE(source.port, FIXED + 2 * size);
  to.writeUInt16BE(destination.port, FIXED + 2 * size + 2);
  return FIXED + bytes;
}

/** As IPv6, in hexadecimal groups (section 2.1). */
function mapped(address: string): string {
  if (familyOf(address) !== AF_INET) return address;
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return `::ffff:${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
