// Our frames and our reading of answers, against the HTTP/2 server of Node.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { makeLiteral, makeRequestBlock, readStatus } from './field-block.ts';
import { END_HEADERS, END_STREAM, FRAME, makeFrame, makeSettings, readFrame, word } from './frame.ts';
import { Http2Client } from './http2-client.ts';

test('statuses of every form, data, resets and GOAWAY are seen', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined);
    if (headers[':path'] === '/reset') return stream.close(7);
    stream.respond({ ':status': Number(String(headers[':path']).slice(1)) });
    return stream.end('body');
  });
  const { port } = server.address() as AddressInfo;
  const client = await Http2Client.open('127.0.0.1', port, makeSettings([4, 65_535]));
  const statuses = [200, 404, 418, 503, 299];
  const get = (path: string, stream: number): Buffer =>
    makeFrame(FRAME.headers, END_HEADERS | END_STREAM, stream, makeRequestBlock(path));
  for (const [index, status] of statuses.entries()) await client.send(get(`/${status}`, index * 2 + 1));
  await client.send(get('/reset', 99));
  await client.pump({
    idleMs: 5000,
    totalMs: 5000,
    until: ({ ended, resets }) => ended.size === 5 && resets.size > 0,
  });
  assert.deepEqual(
    statuses.map((_, index) => client.statuses.get(index * 2 + 1)),
    statuses.map((status) => [status]),
  );
  assert.equal(client.data.get(1), 4);
  assert.equal(client.resets.get(99), 7);
  assert.equal(client.refused, false);
  await client.send(makeFrame(FRAME.windowUpdate, 0, 0, word(0)));
  await client.pump({ idleMs: 5000, totalMs: 5000, until: ({ refused }) => refused });
  assert.equal(client.goaway, 1);
  client.close();
  server.close();
  await once(server, 'close');
});

test('a status is read from every form that a field may have', () => {
  const literal = makeLiteral('x', 'y');
  assert.equal(readStatus(Buffer.of(0x88), 0), 200);
  assert.equal(readStatus(Buffer.of(0x3f, 0xe1, 0x1f, 0x8d), 0), 404);
  assert.equal(readStatus(Buffer.of(0x48, 0x82, 0x64, 0x02), 0), 302);
  assert.equal(readStatus(Buffer.of(0x08, 0x03, 0x34, 0x31, 0x38), 0), 418);
  assert.equal(readStatus(Buffer.concat([Buffer.of(1), Buffer.of(0x88)]), 8), 200);
  assert.equal(readStatus(literal, 0), -1);
  assert.equal(readStatus(Buffer.alloc(0), 0), 0);
});

test('frames are read only when all of them is there', () => {
  const frame = makeFrame(FRAME.data, END_STREAM, 5, Buffer.from('abc'));
  assert.equal(readFrame(frame.subarray(0, 11)), undefined);
  assert.deepEqual(readFrame(Buffer.concat([frame, frame]))?.frame, {
    type: 0,
    flags: 1,
    stream: 5,
    payload: Buffer.from('abc'),
  });
});
