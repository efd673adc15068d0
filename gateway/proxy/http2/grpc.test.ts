import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Head } from '../http1/head.ts';
import { scanRequest } from '../http1/scan.ts';
import { raw, RawBackend } from '../testbed/raw-backend.ts';
import { TestProxy } from '../testbed/test-proxy.ts';
import { grpcTimeout, isGrpc } from './grpc.ts';
import { ask, Http2Backend, http2Snapshot, open } from './testbed/ask.ts';

const GRPC = {
  ':method': 'POST',
  ':path': '/shop.Cart/Get',
  'content-type': 'application/grpc',
  te: 'trailers',
};

function read(lines: string): { readonly bytes: Buffer; readonly head: Head } {
  const bytes = Buffer.from(`POST / HTTP/1.1\r\nhost: a\r\n${lines}\r\n`);
  const head = new Head(16);
  scanRequest(head, bytes, 0, bytes.length);
  return { bytes, head };
}

test('what is gRPC', () => {
  for (const [type, expected] of [
    ['application/grpc', true],
    ['application/grpc+proto', true],
    ['application/grpc;charset=utf-8', true],
    ['application/grpc-web', false],
    ['application/grpcx', false],
    ['application/json', false],
  ] as const) {
    const { bytes, head } = read(`content-type: ${type}\r\n`);
    assert.equal(isGrpc(bytes, head), expected, type);
  }
  const { bytes, head } = read('');
  assert.equal(isGrpc(bytes, head), false);
});

test('grpc-timeout', () => {
  for (const [text, expected] of [
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['3S', 3000],
    ['99999999m', 86_400_000],
    ['5m', 5],
    ['1500u', 2],
    ['1n', 1],
    ['0S', 1],
    ['100000000m', 0],
    ['S', 0],
    ['-1S', 0],
    ['1s', 0],
    ['1.5S', 0],
  ] as const) {
    const { bytes, head } = read(`grpc-timeout: ${text}\r\n`);
    assert.equal(grpcTimeout(bytes, head), expected, text);
  }
});

test('failures are statuses of gRPC, in an answer without a body', async (t) => {
  await using origin = await RawBackend.start();
  await using proxy = await TestProxy.start([origin.port]);
  using session = open(proxy.port);

  await t.test('before the answer', async () => {
    origin.respond = raw('nonsense\r\n\r\n', true);
    const { status, headers, body } = await ask(session, GRPC, 'x');
    assert.deepEqual(
      [status, headers['grpc-status'], headers['content-type'], headers['x-sluice-failure'], body.length],
      [200, '13', 'application/grpc', 'UPSTREAM_PROTOCOL', 0],
    );
    assert.match(String(headers['grpc-message']), /^[ -~]+$/);
  });

  await t.test('within the answer: in its trailers', async () => {
    origin.respond = raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', true);
    const { body, trailers } = await ask(session, GRPC, 'x');
    assert.deepEqual([String(body), trailers['grpc-status']], ['half', '14']);
  });

  await t.test('no route', async () => {
    await proxy.apply([origin.port], []);
    assert.equal((await ask(session, GRPC, 'x')).headers['grpc-status'], '12');
  });
});

test('when the time of the client has passed the backend is let go and the status is 4', async () => {
  let cancelled = false;
  await using backend = await Http2Backend.start((stream) => stream.on('close', () => (cancelled = true)));
  await using proxy = await TestProxy.start([]);
  await proxy.proxy.apply(http2Snapshot(proxy.port, [backend.port], 2));
  using session = open(proxy.port);
  const { headers } = await ask(session, { ...GRPC, 'grpc-timeout': '50m' }, 'x');
  assert.equal(headers['grpc-status'], '4');
  assert.equal(cancelled, true);
});

test('four shapes of calls: messages and trailers pass as they come', async () => {
  await using backend = await Http2Backend.start((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.pipe(stream);
  });
  await using proxy = await TestProxy.start([]);
  await proxy.proxy.apply(http2Snapshot(proxy.port, [backend.port], 2));
  using session = open(proxy.port);
  const stream = session.request(GRPC);
  const pieces: string[] = [];
  const { promise, resolve } = Promise.withResolvers<unknown>();
  stream.on('trailers', (trailers) => resolve(trailers['grpc-status']));
  stream.write('first');
  stream.on('data', (piece: Buffer) => {
    pieces.push(String(piece));
    // The next message goes out only when the last has come back: nothing is held.
    if (pieces.length < 5) stream.write(`message ${pieces.length}`);
    else stream.end();
  });
  assert.equal(await promise, '0');
  assert.deepEqual(pieces, ['first', 'message 1', 'message 2', 'message 3', 'message 4']);
});
