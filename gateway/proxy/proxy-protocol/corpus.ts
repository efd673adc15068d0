// Headers as other proxies write them, and everything near a header that is none. What a fuzzer finds is added here.
import { crc32c } from './crc32c.ts';
import type { Relayed } from './read-header.ts';

/** The limit that the headers below are read with. */
export const MOST = 1024;
const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';
export const GROUPS = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
export const REST = 'GET / HTTP/1.1\r\n';

/** A version 2 header: the two bytes after the signature, and what its length announces. */
export function binary(command: number, family: number, rest: Buffer | string): Buffer {
  const body = Buffer.from(rest as string, 'latin1');
  return Buffer.concat([
    Buffer.from(SIGNATURE, 'latin1'),
    Buffer.from([command, family, body.length >> 8, body.length & 0xff]),
    body,
  ]);
}

function tlv(type: number, value: Buffer | string): Buffer {
  const bytes = Buffer.from(value as string, 'latin1');
  return Buffer.concat([Buffer.from([type, bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

const IPV4 = Buffer.from([192, 0, 2, 1, 198, 51, 100, 2, 0xdb, 0xf4, 0x01, 0xbb]);
export const RELAYED4: Relayed = {
  source: { address: '192.0.2.1', port: 56_308 },
  destination: { address: '198.51.100.2', port: 443 },
};
export const RELAYED6: Relayed = {
  source: { address: '2001:db8::1', port: 1 },
  destination: { address: '::1', port: 65_535 },
};
const IPV6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.from('00000000000000000000000000000001', 'hex'),
  Buffer.from([0, 1, 0xff, 0xff]),
]);

/** The checksum goes over the header with zeros in its place (section 2.2.3). */
function checked(fault: number): Buffer {
  const header = binary(0x21, 0x11, Buffer.concat([IPV4, tlv(4, 'pad'), tlv(3, '\0\0\0\0')]));
  header.writeUInt32BE((crc32c(header) ^ fault) >>> 0, header.length - 4);
  return header;
}

export const GOOD: Readonly<Record<string, readonly [string | Buffer, Relayed | undefined]>> = {
  TCP4: ['PROXY TCP4 192.0.2.1 198.51.100.2 56308 443\r\n', RELAYED4],
  'the longest TCP4': [
    'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n',
    {
      source: { address: '255.255.255.255', port: 65_535 },
      destination: { address: '255.255.255.255', port: 65_535 },
    },
  ],
  TCP6: ['PROXY TCP6 2001:DB8::1 ::1 1 65535\r\n', RELAYED6],
  'port 0': [
    'PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n',
    { source: { address: '0.0.0.0', port: 0 }, destination: { address: '0.0.0.0', port: 0 } },
  ],
  UNKNOWN: ['PROXY UNKNOWN\r\n', undefined],
  'the longest UNKNOWN': [`PROXY UNKNOWN ${GROUPS} ${GROUPS} 65535 65535\r\n`, undefined],
  'UNKNOWN with anything behind it': ['PROXY UNKNOWN \0\xff a b c d e f g\r\n', undefined],
  'version 2, IPv4': [binary(0x21, 0x11, IPV4), RELAYED4],
  'version 2, IPv6': [binary(0x21, 0x21, IPV6), RELAYED6],
  'LOCAL without addresses': [binary(0x20, 0x00, ''), undefined],
  'LOCAL, whatever the family': [binary(0x20, 0xff, 'what else'), undefined],
  'AF_UNSPEC with bytes to skip': [binary(0x21, 0x00, 'anything'), undefined],
  TLVs: [
    binary(0x21, 0x11, Buffer.concat([IPV4, tlv(2, 'example.com'), tlv(4, ''), tlv(0xee, 'x')])),
    RELAYED4,
  ],
  'a checksum that holds': [checked(0), RELAYED4],
  'as long as allowed': [
    binary(0x21, 0x11, Buffer.concat([IPV4, tlv(4, Buffer.alloc(MOST - 15))])),
    RELAYED4,
  ],
};

export const BAD: Readonly<Record<string, readonly [string | Buffer, RegExp]>> = {
  HTTP: [REST, /does not begin/],
  TLS: ['\x16\x03\x01\x02\x00', /does not begin/],
  'lower case': ['proxy TCP4 192.0.2.1 198.51.100.2 1 2\r\n', /does not begin/],
  'two spaces': ['PROXY  TCP4 192.0.2.1 198.51.100.2 1 2\r\n', /protocol is not/],
  'two spaces later': ['PROXY TCP4 192.0.2.1  198.51.100.2 1 2\r\n', /more than six/],
  'a space behind': ['PROXY TCP4 192.0.2.1 198.51.100.2 1 2 \r\n', /more than six/],
  'a bare LF': ['PROXY TCP4 192.0.2.1 198.51.100.2 1 2\n', /CR LF/],
  'a bare CR': ['PROXY TCP4 192.0.2.1 198.51.100.2 1 2\rGET', /CR LF/],
  'a bare LF in UNKNOWN': ['PROXY UNKNOWN x\ny\r\n', /CR LF/],
  UDP4: ['PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n', /protocol is not/],
  'UNKNOWN and more': ['PROXY UNKNOWNS\r\n', /protocol is not/],
  'no protocol': ['PROXY \r\n', /protocol is not/],
  'a tab': ['PROXY\tTCP4 192.0.2.1 198.51.100.2 1 2\r\n', /does not begin/],
  'zeros in front': ['PROXY TCP4 192.0.2.01 198.51.100.2 1 2\r\n', /not one of TCP4/],
  'octal ports': ['PROXY TCP4 192.0.2.1 198.51.100.2 01 2\r\n', /a port is not/],
  'a port too large': ['PROXY TCP4 192.0.2.1 198.51.100.2 1 65536\r\n', /a port is not/],
  'a signed port': ['PROXY TCP4 192.0.2.1 198.51.100.2 +1 2\r\n', /a port is not/],
  'no port': ['PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n', /a port is not/],
  'three numbers': ['PROXY TCP4 192.0.2 198.51.100.2 1 2\r\n', /not one of TCP4/],
  'a name': ['PROXY TCP4 localhost 198.51.100.2 1 2\r\n', /not one of TCP4/],
  'IPv6 as TCP4': ['PROXY TCP4 ::1 ::1 1 2\r\n', /not one of TCP4/],
  'IPv4 as TCP6': ['PROXY TCP6 192.0.2.1 198.51.100.2 1 2\r\n', /not one of TCP6/],
  'a zone': ['PROXY TCP6 fe80::1%lo ::1 1 2\r\n', /not one of TCP6/],
  'a line too long': [`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`, /more than 107/],
  'no end': ['PROXY UNKNOWN '.padEnd(107, 'x'), /more than 107/],
  'version 1 in version 2': [binary(0x11, 0x11, IPV4), /version is not 2/],
  'an unknown command': [binary(0x22, 0x11, IPV4), /neither LOCAL nor PROXY/],
  'a UNIX socket': [binary(0x21, 0x31, Buffer.alloc(216)), /family is not/],
  datagrams: [binary(0x21, 0x12, IPV4), /family is not/],
  'an unknown family': [binary(0x21, 0x41, IPV4), /family is not/],
  'half unspecified': [binary(0x21, 0x10, IPV4), /family is not/],
  'too short for its addresses': [binary(0x21, 0x21, IPV4), /too few/],
  'too long': [binary(0x21, 0x11, Buffer.alloc(MOST + 1)), /more than 1024/],
  'LOCAL too long': [binary(0x20, 0x00, Buffer.alloc(MOST + 1)), /more than 1024/],
  'a TLV beyond the end': [binary(0x21, 0x11, Buffer.concat([IPV4, Buffer.from([4, 0, 1])])), /longer than/],
  'half a TLV': [binary(0x21, 0x11, Buffer.concat([IPV4, Buffer.from([4, 0])])), /longer than/],
  'a checksum that does not hold': [checked(1), /does not hold/],
  'a short checksum': [binary(0x21, 0x11, Buffer.concat([IPV4, tlv(3, 'abc')])), /four bytes/],
};
