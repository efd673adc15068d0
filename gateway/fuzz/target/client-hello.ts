// The first flight of TLS: what is refused in part is refused as a whole, what is read in part says the same as the whole, and no
// server name is anything but the name of a host.
import { COMPLETE, INCOMPLETE, readClientHello, type ClientHello } from '../../proxy/tls/client-hello.ts';
import { expect, type FuzzTarget } from '../target.ts';

export const clientHello: FuzzTarget = {
  name: 'client-hello',
  seeds: [
    hello('a.example', ['h2', 'http/1.1']),
    hello('', []),
    hello('xn--bcher-kva.example', ['http/1.1'], 40),
  ],
  tokens: [
    '\x16\x03\x01',
    '\x16\x03\x03\0\x01',
    '\0\0',
    '\xff\xff',
    '\0\x10',
    '\0\x2b',
    '\0\x29',
    '\x03\x04',
    '.',
    '\0',
    '\x80',
    '\x17\x03\x03',
  ],
  run(input, random) {
    const whole = read(input, input.length);
    const cut = random.below(input.length + 1);
    const part = read(input, cut);
    if (part.result === INCOMPLETE) return;
    const same = part.result === whole.result && JSON.stringify(part.hello) === JSON.stringify(whole.hello);
    expect(same, `${JSON.stringify(part)} at ${cut}, ${JSON.stringify(whole)} as a whole`);
    if (whole.result === COMPLETE)
      expect(/^[a-z0-9_.-]{0,253}$/.test(whole.hello.serverName), `server name ${whole.hello.serverName}`);
  },
};

function read(input: Buffer, end: number): { result: number; hello: ClientHello } {
  const found: ClientHello = { serverName: '', protocols: [], tls13: false };
  return { result: readClientHello(input, 0, end, found), hello: found };
}

/** `record`: bytes of one record, so that a message comes in several. */
function hello(name: string, protocols: readonly string[], record = 16_384): Buffer {
  const extensions = [extension(43, '\x02\x03\x04'), extension(10, '\0\x02\0\x17')];
  if (name !== '') extensions.push(extension(0, sized(2, `\0${sized(2, name)}`)));
  if (protocols.length > 0)
    extensions.push(extension(16, sized(2, protocols.map((protocol) => sized(1, protocol)).join(''))));
  const body = `\x03\x03${'r'.repeat(32)}\0${sized(2, '\x13\x01\xc0\x2b')}\x01\0${sized(2, extensions.join(''))}`;
  const message = `\x01${sized(3, body)}`;
  let flight = '';
  for (let at = 0; at < message.length; at += record)
    flight += `\x16\x03\x01${sized(2, message.slice(at, at + record))}`;
  return Buffer.from(flight, 'latin1');
}

function extension(type: number, data: string): string {
  return String.fromCharCode(type >> 8, type & 255) + sized(2, data);
}

function sized(bytes: number, data: string): string {
  const length = Buffer.alloc(bytes);
  length.writeUIntBE(data.length, 0, bytes);
  return length.toString('latin1') + data;
}
