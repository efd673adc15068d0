// The PROXY protocol: the same answer however much of the rest of the connection is there, and nothing decided too early.
import { readProxyHeader, type HeaderResult } from '../../proxy/proxy-protocol/read-header.ts';
import { expect, type FuzzTarget } from '../target.ts';

const MOST = 1024;
const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';

export const proxyHeader: FuzzTarget = {
  name: 'proxy-header',
  seeds: [
    'PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\nGET / HTTP/1.1\r\n',
    'PROXY TCP6 2001:db8::1 ::ffff:1.2.3.4 1 65535\r\n',
    'PROXY UNKNOWN anything at all\r\nrest',
    `${SIGNATURE}\x21\x11\0\x0c\x01\x02\x03\x04\x05\x06\x07\x08\x12\x34\0\x50rest`,
    `${SIGNATURE}\x21\x21\0\x29${'a'.repeat(32)}\x12\x34\0\x50\x04\0\x02ab`,
    `${SIGNATURE}\x20\0\0\0GET / HTTP/1.1\r\n`,
  ].map((text) => Buffer.from(text, 'latin1')),
  tokens: [
    'PROXY ',
    'TCP4',
    'TCP6',
    'UNKNOWN',
    ' ',
    '\r\n',
    '\r',
    '\n',
    '0',
    '65536',
    '255.',
    '::',
    ':ffff',
    SIGNATURE,
    '\x21\x11',
    '\xff\xff',
    '\x03\0\x04',
  ],
  run(input, random) {
    const whole = readProxyHeader(input, 0, input.length, MOST);
    const cut = random.below(input.length + 1);
    const part = readProxyHeader(input, 0, cut, MOST);
    if (part === undefined) return;
    expect(describe(part) === describe(whole), `at ${cut}: ${describe(part)}, whole: ${describe(whole)}`);
  },
};

function describe(result: HeaderResult): string {
  return JSON.stringify(result) ?? 'more';
}
