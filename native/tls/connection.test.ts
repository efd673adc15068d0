// A server and a client of ours, over real sockets: what they agree on, what passes, and how it ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EAGAIN, ECONNRESET, EPROTO } from '../errno.ts';
import { recv, send } from '../libc.ts';
import { allocatePinned } from '../memory.ts';
import { endWriting } from '../socket.ts';
import { alpnCallback, encodeProtocols } from './alpn.ts';
import { openClientContext } from './client-context.ts';
import type { Context } from './context.ts';
import { openServerContext, type ServerContextOptions } from './server-context.ts';
import { TestCa } from './testbed/test-ca.ts';
import { TlsPair } from './testbed/tls-pair.ts';

const ca = TestCa.create();
const certificate = ca.issue({ dns: ['a.test'] });
const SCOPE = Buffer.alloc(32, 1);
const HERE = { serverName: 'a.test', names: [] };

const serverOf = (more: Partial<ServerContextOptions> = {}): Context =>
  openServerContext({ name: 'server', certificates: [certificate], scope: SCOPE, ...more });
const clientOf = (protocols: readonly string[] = []): Context =>
  openClientContext({ name: 'client', roots: ca.certificate, protocols });
const pairOf = (server = serverOf(), client = clientOf()): TlsPair => new TlsPair(server, client, HERE);

test('TLS 1.3, the first common protocol of the server, and text both ways', () => {
  const alpn = alpnCallback(encodeProtocols(['h2', 'http/1.1']));
  using pair = pairOf(serverOf({ alpn }), clientOf(['x', 'http/1.1', 'h2']));
  const { server, client } = pair;
  assert.deepEqual(pair.shake(), [1, 1]);
  assert.deepEqual([server.version, server.cipher], ['TLSv1.3', 'TLS_AES_128_GCM_SHA256']);
  assert.deepEqual([server.protocol, client.protocol], ['h2', 'h2']);
  assert.equal(server.peer, undefined);
  assert.deepEqual(client.peer, { subject: '/CN=a.test', dns: ['a.test'], uri: [], fault: '' });
  assert.equal(pair.send(client, 'hello'), 5);
  assert.equal(pair.recv(server), 'hello');
  assert.equal(server.drained, true);
  assert.equal(pair.recv(server), -1);
  assert.equal(server.errno, EAGAIN);
});

test('no protocol in common ends the handshake; none offered does not', () => {
  const alpn = alpnCallback(encodeProtocols(['http/1.1']));
  using refused = pairOf(serverOf({ alpn }), clientOf(['x']));
  assert.deepEqual(refused.shake(), [-1, -1]);
  assert.equal(refused.server.failure, 'no application protocol');
  assert.match(refused.client.failure, /no application protocol/);
  using silent = pairOf(serverOf({ alpn }));
  assert.deepEqual(silent.shake(), [1, 1]);
  assert.equal(silent.server.protocol, '');
});

test('a client that needs a protocol refuses a server without it', () => {
  const expected = { ...HERE, protocol: 'h2' };
  using pair = new TlsPair(serverOf(), clientOf(['h2']), expected);
  assert.deepEqual(pair.shake(), [1, -1]);
  assert.equal(pair.client.failure, 'the server does not speak h2 (ALPN: none)');
});

test('a read takes all records that are there, and knows when there are no more', () => {
  using pair = pairOf();
  const { server, client } = pair;
  pair.shake();
  const text = 'x'.repeat(200_000);
  for (let i = 0; i < 20; i++) pair.send(client, `${i};`);
  assert.equal(pair.recv(server), Array.from({ length: 20 }, (_, i) => `${i};`).join(''));
  assert.equal(server.drained, true);
  assert.equal(pair.send(client, text), text.length);
  let received = '';
  for (let turn = 0; turn < 50 && received.length < text.length; turn++) {
    const part = pair.recv(server, 70_000);
    assert.equal(typeof part, 'string');
    received += part;
    if (received.length < text.length && String(part).length === 70_000) assert.equal(server.drained, false);
  }
  assert.equal(received, text);
});

test('a record that came in two parts does not hide what waits behind it', () => {
  using near = pairOf();
  using far = pairOf();
  // The client's side of one and the server's of another connection, with this test as the wire between them.
  const { client } = near;
  const { server } = far;
  const wire = allocatePinned(1 << 20);
  const carry = (from: number, to: number, most: number): number => {
    const count = recv(from, wire.address, most, 0);
    return count > 0 ? send(to, wire.address, count, 0) : 0;
  };
  const carryAll = (): void => {
    while (carry(near.serverFd, far.clientFd, 65_536) + carry(far.clientFd, near.serverFd, 65_536) > 0);
  };
  for (let turn = 0; turn < 10; turn++) {
    client.handshake();
    carryAll();
    server.handshake();
    carryAll();
  }
  const record = 'x'.repeat(16_000);
  for (let i = 0; i < 5; i++) assert.equal(near.send(client, record), record.length);
  assert.equal(carry(near.serverFd, far.clientFd, 8000), 8000);
  assert.equal(far.recv(server), -1);
  assert.equal(server.errno, EAGAIN);
  carryAll();
  let received = 0;
  for (let turn = 0; turn < 20 && !(received > 0 && server.drained); turn++)
    received += String(far.recv(server)).length;
  assert.equal(received, 5 * record.length);
});

test('what the kernel does not take is taken later, from wherever it lies', () => {
  using pair = pairOf();
  const { server, client } = pair;
  pair.shake();
  const size = 16 << 20;
  const bytes = allocatePinned(size);
  for (let i = 0; i < size; i += 4096) bytes.buffer.writeUInt32LE(i, i);
  let sent = 0;
  let received = 0;
  let blocked = 0;
  const to = allocatePinned(1 << 20);
  while (received < size) {
    // Each attempt from a copy elsewhere, as pending bytes are moved.
    const rest = allocatePinned(Math.min(1 << 20, size - sent));
    bytes.buffer.copy(rest.buffer, 0, sent);
    const count = rest.buffer.length === 0 ? 0 : client.send(rest.address, rest.buffer.length);
    if (count < rest.buffer.length) {
      blocked++;
      if (count < 0) assert.equal(client.errno, EAGAIN);
      const got = server.recv(to.address, to.buffer.length);
      assert.ok(got > 0);
      assert.ok(to.buffer.subarray(0, got).equals(bytes.buffer.subarray(received, received + got)));
      received += got;
    }
    sent += Math.max(0, count);
    if (sent === size && count === rest.buffer.length) {
      const got = server.recv(to.address, to.buffer.length);
      if (got > 0) received += got;
    }
  }
  assert.equal(received, size);
  assert.ok(blocked > 0, 'the kernel took everything at once');
});

test('an end is an end, once, in each direction for itself', () => {
  using pair = pairOf();
  const { server, client } = pair;
  pair.shake();
  pair.send(client, 'last words');
  assert.equal(client.end(), true);
  assert.equal(client.end(), true);
  assert.equal(pair.recv(server), 'last words');
  assert.equal(pair.recv(server), 0);
  assert.equal(pair.recv(server), 0);
  assert.equal(pair.send(server, 'answer'), 6);
  assert.equal(pair.recv(client), 'answer');
  server.end();
  assert.equal(pair.recv(client), 0);
});

test('a connection that ends without saying so is broken, not ended', () => {
  using pair = pairOf();
  pair.shake();
  pair.send(pair.client, 'half of it');
  endWriting(pair.clientFd);
  assert.equal(pair.recv(pair.server), 'half of it');
  assert.equal(pair.recv(pair.server), -1);
  assert.equal(pair.server.errno, ECONNRESET);
  assert.equal(pair.recv(pair.server), -1);
});

test('bytes that are no record are a failure with words, and what came before them counts', () => {
  using pair = pairOf();
  pair.shake();
  pair.send(pair.client, 'good');
  const garbage = allocatePinned(64);
  garbage.buffer.fill(0x41);
  send(pair.clientFd, garbage.address, 64, 0);
  assert.equal(pair.recv(pair.server), 'good');
  assert.equal(pair.recv(pair.server), -1);
  assert.equal(pair.server.errno, EPROTO);
  assert.match(pair.server.failure, /bad record type|wrong version number/);
  assert.equal(pair.send(pair.server, 'x'), -1);
  assert.equal(pair.server.end(), true);
});

test('a record that was changed on the way is refused', () => {
  using pair = pairOf();
  using other = pairOf();
  pair.shake();
  other.shake();
  // A record of another connection: well-formed, and encrypted with other keys.
  const record = allocatePinned(27);
  record.buffer.set([23, 3, 3, 0, 22]);
  send(pair.clientFd, record.address, 27, 0);
  assert.equal(pair.recv(pair.server), -1);
  assert.match(pair.server.failure, /bad record mac|decryption failed/);
});

test('a context that is let go lives on in its connections', () => {
  const server = serverOf();
  const client = clientOf();
  using pair = pairOf(server, client);
  server.free();
  server.free();
  client.free();
  assert.deepEqual(pair.shake(), [1, 1]);
  pair.send(pair.client, 'x');
  assert.equal(pair.recv(pair.server), 'x');
});

test('a connection that was freed answers with failures, not with a crash', () => {
  using pair = pairOf();
  pair.shake();
  pair.server.free();
  pair.server.free();
  assert.equal(pair.recv(pair.server), -1);
  assert.equal(pair.send(pair.server, 'x'), -1);
  assert.equal(pair.server.handshake(), -1);
  assert.equal(pair.server.end(), true);
  assert.deepEqual([pair.server.protocol, pair.server.version, pair.server.cipher], ['', '', '']);
  assert.equal(pair.server.peer, undefined);
});

test('a preface is sent in the clear, before the handshake', () => {
  using pair = pairOf();
  const preface = allocatePinned(6);
  preface.buffer.write('PROXY ');
  pair.client.preface = preface;
  assert.equal(pair.client.handshake(), 0);
  assert.equal(pair.server.handshake(), -1, 'a server that does not expect it takes it for garbage');
  assert.match(pair.server.failure, /wrong version number|http request|packet length/);
});
