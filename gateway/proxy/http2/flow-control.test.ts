// Backpressure from end to end: who does not read stops the other side, and what is held meanwhile is bounded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawBackend } from '../testbed/raw-backend.ts';
import { eventually, TestProxy } from '../testbed/test-proxy.ts';
import { DATA, END_HEADERS, END_STREAM, GOAWAY, RST_STREAM, SETTINGS, WINDOW_UPDATE } from './frame.ts';
import { FLOW_CONTROL_ERROR } from './error-code.ts';
import { frame, numbers, settingsPayload } from './testbed/frames.ts';
import { Http2Client, request } from './testbed/http2-client.ts';

const WHOLE = END_HEADERS | END_STREAM;
const INITIAL_WINDOW = 4;
const BODY = 60_000_000;
/** What sockets and the proxy may hold between the two ends. */
const HELD = 12_000_000;

/** Writes BODY bytes as fast as they are taken, and counts them. */
async function source(): Promise<{ readonly origin: RawBackend; readonly sent: () => number }> {
  let sent = 0;
  const piece = Buffer.alloc(65_536, 'x');
  const origin = await RawBackend.start(({ socket }) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BODY}\r\n\r\n`);
    const more = (): void => {
      while (sent < BODY) {
        sent += piece.length;
        if (!socket.write(piece)) {
          socket.once('drain', more);
          return;
        }
      }
    };
    more();
  });
  return { origin, sent: () => sent };
}

async function settled(value: () => number): Promise<number> {
  for (let last = -1; last !== value(); await new Promise((resolve) => setTimeout(resolve, 300)))
    last = value();
  return value();
}

test('a client whose window is shut stops the backend', async () => {
  const { origin, sent } = await source();
  await using _ = origin;
  await using proxy = await TestProxy.start([origin.port]);
  using client = await Http2Client.open(proxy.port, INITIAL_WINDOW, 1000);
  client.send(request(1, WHOLE));
  await client.until(({ type }) => type === DATA);
  assert.ok((await settled(sent)) < HELD, `${sent()} bytes went in`);
  assert.equal(client.received(1), 1000);
  // Opened by SETTINGS it goes on.
  client.send(frame(SETTINGS, 0, 0, settingsPayload(INITIAL_WINDOW, 50_000)));
  await eventually(() => client.received(1) === 50_000, 'the rest of the window');
});

test('windows that are open while TCP is not read: what is held is bounded (CVE-2019-9517)', async () => {
  const { origin, sent } = await source();
  await using _ = origin;
  await using proxy = await TestProxy.start([origin.port]);
  using client = await Http2Client.open(proxy.port, INITIAL_WINDOW, 0x7fff_ffff);
  client.send(frame(WINDOW_UPDATE, 0, 0, numbers(0x7fff_0000)), request(1, WHOLE));
  await client.until(({ type }) => type === DATA);
  client.socket.pause();
  assert.ok((await settled(sent)) < HELD, `${sent()} bytes went in`);
  client.socket.resume();
  await eventually(() => sent() > HELD, 'going on');
});

test('a backend that does not read stops its client, not the others', async () => {
  const paused = await RawBackend.start(() => undefined);
  await using _ = paused;
  paused.onHead = (head, socket) => {
    if (head.startsWith('POST /slow')) socket.pause();
  };
  await using proxy = await TestProxy.start([paused.port]);
  using client = await Http2Client.open(proxy.port);
  client.send(request(1, END_HEADERS, '/slow', [':method', 'POST']));
  const piece = frame(DATA, 0, 1, 'x'.repeat(16_000));
  // All that the window allows: nothing of it comes back as room beyond what sockets hold.
  for (let i = 0; i < 16; i++) client.send(piece);
  client.send(request(3, END_HEADERS, '/', [':method', 'POST']), frame(DATA, END_STREAM, 3, 'x'));
  await eventually(() => paused.requests.length === 1, 'the other request');
});

test('more than the window of a stream, or of the connection, is an error of it', async () => {
  await using origin = await RawBackend.start(() => undefined);
  const limits = { streamWindow: 70_000, connectionWindow: 100_000 };
  await using proxy = await TestProxy.start([origin.port], { limits });
  // A connection that is still being made takes nothing: no room is given back.
  origin.onHead = (_, socket) => socket.pause();
  using client = await Http2Client.open(proxy.port);
  client.send(request(1, END_HEADERS, '/', [':method', 'POST']));
  client.send(...Array.from({ length: 600 }, () => frame(DATA, 0, 1, 'x'.repeat(16_384))));
  const { type, payload } = await client.until((one) => one.type === RST_STREAM || one.type === GOAWAY);
  assert.equal(payload.readUInt32BE(type === GOAWAY ? 4 : 0), FLOW_CONTROL_ERROR);
});

test('many streams share the connection: none waits for another to end', async () => {
  const { origin } = await source();
  await using _ = origin;
  await using proxy = await TestProxy.start([origin.port]);
  using client = await Http2Client.open(proxy.port, INITIAL_WINDOW, 0x7fff_ffff);
  for (const id of [1, 3, 5, 7]) client.send(request(id, WHOLE));
  const credit = setInterval(() => client.send(frame(WINDOW_UPDATE, 0, 0, numbers(400_000))), 5);
  await eventually(() => [1, 3, 5, 7].every((id) => client.received(id) > 500_000), 'all four');
  clearInterval(credit);
});
