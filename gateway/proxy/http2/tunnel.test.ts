// WebSocket by extended CONNECT (RFC 8441), to a backend that knows the upgrade of HTTP/1.1.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { raw, RawBackend } from '../testbed/raw-backend.ts';
import { eventually, TestProxy } from '../testbed/test-proxy.ts';
import { DATA, END_HEADERS, END_STREAM, HEADERS, RST_STREAM } from './frame.ts';
import { frame } from './testbed/frames.ts';
import { block, Http2Client } from './testbed/http2-client.ts';

const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n';
/** Indexed field ":status: 200" (RFC 7541 appendix A). */
const STATUS_200 = 0x88;

function connect(stream: number, protocol = 'websocket'): Buffer {
  const fields = block(
    [':method', 'CONNECT'],
    [':protocol', protocol],
    [':scheme', 'http'],
    [':path', '/chat'],
    [':authority', 'a'],
    ['sec-websocket-version', '13'],
  );
  return frame(HEADERS, END_HEADERS, stream, fields);
}

test('a tunnel: 200 for 101, bytes both ways, each side ends for itself', async () => {
  await using origin = await RawBackend.start(raw(SWITCHED));
  await using proxy = await TestProxy.start([origin.port]);
  using client = await Http2Client.open(proxy.port);
  client.send(connect(1));
  const { payload } = await client.until(({ type }) => type === HEADERS);
  assert.equal(payload[0], STATUS_200);
  assert.ok(!payload.toString('latin1').includes('websocket-accept'));
  const [asked] = origin.requests;
  assert.match(asked?.head ?? '', /^GET \/chat HTTP\/1\.1\r\n/);
  assert.equal(asked?.header('upgrade'), 'websocket');
  assert.equal(asked?.header('connection'), 'Upgrade');
  assert.match(asked?.header('sec-websocket-key') ?? '', /^[A-Za-z0-9+/]{22}==$/);
  let received = '';
  asked?.socket.on('data', (bytes) => (received += bytes.toString()));
  let ended = false;
  asked?.socket.on('end', () => (ended = true));
  client.send(frame(DATA, 0, 1, 'to the backend'));
  await eventually(() => received.endsWith('to the backend'), 'bytes at the backend');
  asked?.socket.write('to the client');
  await eventually(() => client.received(1) === 13, 'bytes at the client');
  client.send(frame(DATA, END_STREAM, 1, 'bye'));
  await eventually(() => ended && received.endsWith('bye'), 'the end at the backend');
  asked?.socket.end();
  await client.until(({ type, flags }) => type === DATA && (flags & END_STREAM) !== 0);
});

test('a backend that does not switch: its refusal passes, its success does not', async () => {
  await using origin = await RawBackend.start(raw('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'));
  await using proxy = await TestProxy.start([origin.port]);
  using client = await Http2Client.open(proxy.port);
  client.send(connect(1));
  const refused = await client.until(({ type, stream }) => type === HEADERS && stream === 1);
  assert.notEqual(refused.payload[0], STATUS_200);
  origin.respond = raw('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  client.send(connect(3));
  const answered = await client.until(({ type, stream }) => type === HEADERS && stream === 3);
  assert.notEqual(answered.payload[0], STATUS_200);
  client.send(connect(5, 'connect-udp'));
  const unknown = await client.until(({ type, stream }) => type === HEADERS && stream === 5);
  assert.notEqual(unknown.payload[0], STATUS_200);
});

test('bytes before the agreement would be a request to the backend: refused', async () => {
  await using origin = await RawBackend.start(() => undefined);
  await using proxy = await TestProxy.start([origin.port]);
  using client = await Http2Client.open(proxy.port);
  client.send(connect(1), frame(DATA, 0, 1, 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'));
  await client.until(({ type }) => type === RST_STREAM);
  assert.ok(!origin.requests.some(({ head }) => head.includes('smuggled')));
});
