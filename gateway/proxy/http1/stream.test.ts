// Bodies that are larger than anything the proxy may hold: a slow reader slows the writer down, in both directions.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { RawBackend } from '../testbed/raw-backend.ts';
import { RawClient } from '../testbed/raw-client.ts';
import { ENGINES, eventually, TestProxy } from '../testbed/test-proxy.ts';

const SIZE = 50_000_000;
/** What kernel buffers on loopback and the proxy together may swallow before the writer has to wait. */
const MOST_HELD = 24_000_000;
const PIECE = Buffer.alloc(65_536, 'abcdefghijklmnopqrstuvwxyz');

/** Writes SIZE bytes as fast as the socket takes them; `sent` says how far it came. */
function pour(socket: NodeJS.WritableStream): { sent: number } {
  const progress = { sent: 0 };
  const more = (): void => {
    while (progress.sent < SIZE) {
      const piece = PIECE.subarray(0, Math.min(PIECE.length, SIZE - progress.sent));
      progress.sent += piece.length;
      if (!socket.write(piece)) {
        socket.once('drain', more);
        return;
      }
    }
  };
  more();
  return progress;
}

/** The writer has stopped although it has more. */
async function stalled(progress: { sent: number }): Promise<void> {
  for (let last = -1; last !== progress.sent || last <= 0;) {
    last = progress.sent;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const digest = createHash('sha256');
for (let left = SIZE; left > 0; left -= PIECE.length)
  digest.update(PIECE.subarray(0, Math.min(PIECE.length, left)));
const EXPECTED = digest.digest('hex');

for (const engine of ENGINES) {
  test(`${engine}: a client that does not read stops the backend, and gets all of it later`, async () => {
    let progress = { sent: 0 };
    await using backend = await RawBackend.start(({ socket }) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`);
      progress = pour(socket);
    });
    await using proxy = await TestProxy.start([backend.port], { engine });
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'readable');
    await stalled(progress);
    assert.ok(progress.sent < MOST_HELD, `${progress.sent} bytes were taken from the backend`);
    const hash = createHash('sha256');
    let received = 0;
    let inHead = true;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      const body = inHead ? chunk.subarray(chunk.indexOf('\r\n\r\n') + 4) : chunk;
      inHead = false;
      hash.update(body);
      received += body.length;
      if (received === SIZE) break;
    }
    assert.equal(hash.digest('hex'), EXPECTED);
  });

  test(`${engine}: a backend that does not read stops the client, and gets all of it later`, async () => {
    const hash = createHash('sha256');
    let received = 0;
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    // The backend's own reading would keep it all as text: take the socket over after the head.
    backend.onHead = (_, socket) => {
      socket.removeAllListeners('data');
      socket.pause();
    };
    using client = await RawClient.open(proxy.port);
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${SIZE}\r\n\r\n`);
    await eventually(
      () => backend.sockets.length === 1 && backend.sockets[0]?.isPaused() === true,
      'the head',
    );
    const progress = pour(client.socket);
    await stalled(progress);
    assert.ok(progress.sent < MOST_HELD, `${progress.sent} bytes were taken from the client`);
    const [socket] = backend.sockets;
    assert.ok(socket !== undefined);
    socket.on('data', (chunk) => {
      hash.update(chunk);
      received += chunk.length;
      if (received === SIZE) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone');
    });
    socket.resume();
    assert.equal((await client.answer()).body.toString(), 'done');
    assert.equal(hash.digest('hex'), EXPECTED);
  });

  test(`${engine}: pipelined requests of a client that does not read are not answered without end`, async () => {
    const body = 'x'.repeat(1_000_000);
    await using backend = await RawBackend.start(({ socket }) =>
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    );
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    client.socket.pause();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(100));
    for (let last = -1; last !== backend.requests.length || last === 0;) {
      last = backend.requests.length;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.ok(backend.requests.length < 30, `${backend.requests.length} requests were passed on`);
    client.socket.resume();
    for (let i = 0; i < 100; i++) assert.equal((await client.answer()).body.length, body.length);
  });
}
