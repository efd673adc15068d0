// What clients say first, and what they should not.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect } from 'node:tls';
import {
  BAD_NAME,
  COMPLETE,
  INCOMPLETE,
  LARGEST_FLIGHT,
  MALFORMED,
  NOT_TLS,
  readClientHello,
  TOO_LARGE,
  type ClientHello,
} from './client-hello.ts';
import { helloMessage, records, vector } from './testbed/hello-bytes.ts';

const hello: ClientHello = { serverName: '', protocols: [], tls13: false };
const read = (bytes: Buffer): number => readClientHello(bytes, 0, bytes.length, hello);
const whole = helloMessage({ serverName: 'Shop.Example.com', protocols: ['h2', 'http/1.1'] });

/** The first bytes of a real client. */
async function realHello(options: { servername?: string; ALPNProtocols?: string[] }): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, ...options });
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [import('node:net').Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  client.destroy();
  server.close();
  return bytes;
}

test('server name, protocols and version of a real client', async () => {
  assert.equal(read(await realHello({ servername: 'a.example.com', ALPNProtocols: ['h2', 'x'] })), COMPLETE);
  assert.deepEqual(hello, { serverName: 'a.example.com', protocols: ['h2', 'x'], tls13: true });
  assert.equal(read(await realHello({})), COMPLETE);
  assert.deepEqual(hello, { serverName: '', protocols: [], tls13: true });
});

test('names are lower case and lose the dot at their end', () => {
  assert.equal(read(records(whole)), COMPLETE);
  assert.deepEqual(hello, { serverName: 'shop.example.com', protocols: ['h2', 'http/1.1'], tls13: true });
  assert.equal(read(records(helloMessage({ serverName: 'a.b.' }))), COMPLETE);
  assert.equal(hello.serverName, 'a.b');
});

test('TLS 1.2, with and without extensions', () => {
  assert.equal(read(records(helloMessage({ versions: [0x0303] }))), COMPLETE);
  assert.equal(hello.tls13, false);
  const bare = Buffer.concat([Buffer.of(3, 3), Buffer.alloc(32), Buffer.of(0, 0, 2, 0xc0, 0x2b, 1, 0)]);
  assert.equal(read(records(Buffer.concat([Buffer.of(1), vector(3, bare)]))), COMPLETE);
  assert.equal(hello.serverName, '');
});

test('every beginning of a message waits for the rest, whatever the records', () => {
  for (const size of [16_384, 64, 17]) {
    const bytes = records(whole, size);
    for (let end = 0; end < bytes.length; end++)
      assert.equal(readClientHello(bytes, 0, end, hello), INCOMPLETE, `${end} of ${bytes.length}`);
    assert.equal(read(bytes), COMPLETE);
    assert.equal(hello.serverName, 'shop.example.com');
  }
});

test('what is not TLS is known by its first bytes', () => {
  assert.equal(read(Buffer.from('GET / HTTP/1.1\r\n')), NOT_TLS);
  assert.equal(read(Buffer.of(0x80, 0x2e, 1, 3, 1)), NOT_TLS, 'SSL 2');
  assert.equal(read(Buffer.of(22, 4)), NOT_TLS);
  assert.equal(read(Buffer.of(23, 3, 3, 0, 1, 0)), NOT_TLS, 'data before the handshake');
});

for (const [name, value] of [
  ['one byte of nothing', '\0'],
  ['not ASCII', 'bücher.example'],
  ['255 bytes', 'a'.repeat(255)],
  ['a blank', 'a b'],
  ['an empty label', 'a..b'],
  ['only a dot', '.'],
  ['a label of 64', `${'a'.repeat(64)}.com`],
  ['254 bytes', `${'a.'.repeat(126)}bc`],
  ['a wildcard', '*.example.com'],
  ['a NUL in it', 'a.com\0.evil.com'],
  ['a slash', 'a/b'],
] as const)
  test(`no name of a host: ${name}`, () => {
    assert.equal(read(records(helloMessage({ serverName: value }))), BAD_NAME);
    assert.equal(hello.serverName, '');
  });

test('names at the limits', () => {
  const longest = `${'a.'.repeat(126)}b`;
  for (const name of ['a', longest, '127.0.0.1', '_dmarc.a', `${'a'.repeat(63)}.b`]) {
    assert.equal(read(records(helloMessage({ serverName: name }))), COMPLETE, name);
    assert.equal(hello.serverName, name);
  }
});

const nameList = (content: Buffer): Buffer => records(helloMessage({ more: [[0, content]] }));
const changed = (at: number, value: number): Buffer => {
  const message = Buffer.from(whole);
  message[at] = value;
  return records(message);
};
for (const [name, bytes] of [
  ['another handshake message', changed(0, 2)],
  ['a session id of 33', changed(38, 33)],
  ['an odd number of cipher suite bytes', changed(72, 3)],
  ['an empty server name', records(helloMessage({ serverName: '' }))],
  ['two server names', nameList(vector(2, Buffer.from('\0\0\x01a\0\0\x01b', 'latin1')))],
  ['a server name of another kind', nameList(vector(2, Buffer.from('\x01\0\x01a', 'latin1')))],
  ['a server name list with more behind it', nameList(Buffer.from('\0\x04\0\0\x01ab', 'latin1'))],
  [
    'an extension twice',
    records(helloMessage({ serverName: 'a', more: [[0, Buffer.from('\0\x04\0\0\x01b')]] })),
  ],
  ['an empty protocol', records(helloMessage({ protocols: [''] }))],
  ['no protocol', records(helloMessage({ protocols: [] }))],
  ['no version', records(helloMessage({ versions: [], more: [[43, Buffer.of(0)]] }))],
  ['half a version', records(helloMessage({ versions: [], more: [[43, Buffer.of(3, 3, 4, 3)]] }))],
  [
    'a pre-shared key that is not the last',
    records(
      helloMessage({
        more: [
          [41, Buffer.of(0)],
          [99, Buffer.of(0)],
        ],
      }),
    ),
  ],
  [
    'something else in its record',
    Buffer.concat([Buffer.of(22, 3, 1), vector(2, Buffer.concat([whole, whole]))]),
  ],
  ['an empty record', Buffer.of(22, 3, 1, 0, 0)],
  ['a record of 16,385', Buffer.of(22, 3, 1, 0x40, 1, 1)],
  [
    'data within the handshake',
    Buffer.concat([records(whole.subarray(0, 50)), Buffer.of(23, 3, 3, 0, 1, 0)]),
  ],
] as const)
  test(`malformed: ${name}`, () => {
    assert.equal(read(bytes), MALFORMED);
  });

test('too large, or in too many pieces', () => {
  assert.equal(read(Buffer.of(22, 3, 1, 0, 4, 1, 0, 0x40, 1)), TOO_LARGE);
  assert.equal(read(Buffer.of(22, 3, 1, 0, 4, 1, 255, 255, 255)), TOO_LARGE);
  assert.equal(read(records(whole, 8)), TOO_LARGE);
  const largest = helloMessage({ more: [[21, Buffer.alloc(16_384 - whole.length)]], serverName: 'a' });
  assert.equal(read(records(largest)), COMPLETE);
  assert.ok(records(largest, 2048).length <= LARGEST_FLIGHT);
});
