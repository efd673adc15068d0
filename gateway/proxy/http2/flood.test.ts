// Every way in which a peer makes work for us that costs it nothing, with the limit that stops it. Each of these fails when its
// defence is taken out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok, RawBackend } from '../testbed/raw-backend.ts';
import { TestProxy } from '../testbed/test-proxy.ts';
import { ENHANCE_YOUR_CALM } from './error-code.ts';
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  GOAWAY,
  HEADERS,
  PING,
  PRIORITY,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from './frame.ts';
import { frame, numbers, settingsPayload } from './testbed/frames.ts';
import { block, Http2Client, request } from './testbed/http2-client.ts';

const WHOLE = END_HEADERS | END_STREAM;
const INITIAL_WINDOW = 4;
const LARGE = 20_000_000;

interface Flood {
  readonly settings?: readonly number[];
  /** Sent before the flood, which waits for the DATA of its answer. */
  readonly first?: Buffer;
  readonly frames: () => Buffer[];
  /** The defence is not to end the connection. */
  readonly survives?: boolean;
}

const streams = (count: number, of: (id: number) => Buffer[]): Buffer[] =>
  Array.from({ length: count }, (_, i) => of(2 * i + 1)).flat();
const repeated = (count: number, one: Buffer): Buffer[] => Array.from({ length: count }, () => one);

const FLOODS: Readonly<Record<string, Flood>> = {
  'rapid reset (CVE-2023-44487)': {
    frames: () => streams(6000, (id) => [request(id, WHOLE), frame(RST_STREAM, 0, id, numbers(8))]),
  },
  'made you reset: WINDOW_UPDATE by 0 (CVE-2025-8671)': {
    frames: () => streams(6000, (id) => [request(id, WHOLE), frame(WINDOW_UPDATE, 0, id, numbers(0))]),
  },
  'made you reset: a stream that depends on itself': {
    frames: () =>
      streams(6000, (id) => [
        frame(HEADERS, WHOLE | 32, id, Buffer.concat([numbers(id), Buffer.from([16])])),
      ]),
  },
  'made you reset: requests that are malformed': {
    frames: () => streams(6000, (id) => [request(id, WHOLE, '/', ['Upper', 'x'])]),
  },
  'names of no length (CVE-2019-9516)': {
    frames: () => streams(6000, (id) => [request(id, WHOLE, '/', ['', ''])]),
  },
  'CONTINUATION, never ending (CVE-2024-27316)': {
    frames: () => [request(1, END_STREAM), ...repeated(100, frame(CONTINUATION, 0, 1, block(['a', 'b'])))],
  },
  'CONTINUATION, empty': {
    frames: () => [request(1, END_STREAM), ...repeated(100, frame(CONTINUATION, 0, 1))],
  },
  'CONTINUATION, large': {
    frames: () => [
      request(1, END_STREAM),
      ...repeated(8, frame(CONTINUATION, 0, 1, block(['a', 'x'.repeat(16_000)]))),
    ],
  },
  'PING (CVE-2019-9512)': { frames: () => repeated(20_000, frame(PING, 0, 0, '12345678')) },
  'PING answers': { frames: () => repeated(20_000, frame(PING, 1, 0, '12345678')) },
  'SETTINGS (CVE-2019-9515)': { frames: () => repeated(20_000, frame(SETTINGS, 0, 0)) },
  'SETTINGS acknowledged': { frames: () => repeated(20_000, frame(SETTINGS, 1, 0)) },
  PRIORITY: { frames: () => repeated(20_000, frame(PRIORITY, 0, 1, '\0\0\0\x03\x10')) },
  WINDOW_UPDATE: { frames: () => repeated(20_000, frame(WINDOW_UPDATE, 0, 0, numbers(1))) },
  'frames of a type unknown': { frames: () => repeated(20_000, frame(0x42, 0, 0)) },
  'RST_STREAM of what is closed': {
    frames: () => [
      request(1, WHOLE),
      frame(RST_STREAM, 0, 1, numbers(8)),
      ...repeated(20_000, frame(RST_STREAM, 0, 1, numbers(8))),
    ],
  },
  'DATA, empty (CVE-2019-9518)': {
    frames: () => [request(1, END_HEADERS, '/', [':method', 'POST']), ...repeated(200, frame(DATA, 0, 1))],
  },
  'DATA, nothing but padding': {
    frames: () => [
      request(1, END_HEADERS, '/', [':method', 'POST']),
      ...repeated(200, frame(DATA, 8, 1, '\x02\0\0')),
    ],
  },
  'window of one byte (CVE-2019-9511)': {
    settings: [INITIAL_WINDOW, 1],
    first: request(1, WHOLE, '/large'),
    frames: () => repeated(2000, frame(WINDOW_UPDATE, 0, 1, numbers(1))),
  },
  'SETTINGS of 2,700 values are one': {
    survives: true,
    frames: () => [
      frame(
        SETTINGS,
        0,
        0,
        settingsPayload(...Array.from({ length: 2700 }, () => [INITIAL_WINDOW, 70_000]).flat()),
      ),
    ],
  },
};

/** Answers only what is asked for with /large. */
async function backend(): Promise<RawBackend> {
  const large = ok('x'.repeat(LARGE));
  return await RawBackend.start((request) => {
    if (request.head.startsWith('GET /large')) large(request);
  });
}

test('floods end the connection and nothing else', async (t) => {
  await using origin = await backend();
  await using proxy = await TestProxy.start([origin.port]);
  for (const [name, flood] of Object.entries(FLOODS))
    await t.test(name, async () => {
      using client = await Http2Client.open(proxy.port, ...(flood.settings ?? []));
      if (flood.first !== undefined) {
        client.send(flood.first);
        await client.until(({ type }) => type === DATA);
      }
      client.send(...flood.frames());
      if (flood.survives === true) {
        client.send(frame(PING, 0, 0, 'survives'));
        await client.until(({ type, payload }) => type === PING && payload.toString() === 'survives');
        return;
      }
      const { payload } = await client.until(({ type }) => type === GOAWAY);
      assert.equal(payload.readUInt32BE(4), ENHANCE_YOUR_CALM, payload.toString('latin1', 8));
      await client.end();
      using other = await Http2Client.open(proxy.port);
      other.send(frame(PING, 0, 0, 'still up'));
      await other.until(({ type }) => type === PING);
    });
  assert.deepEqual(proxy.trouble, []);
});

test('flood: PING by a client that does not read the answers', async () => {
  await using origin = await backend();
  await using proxy = await TestProxy.start([origin.port]);
  using client = await Http2Client.open(proxy.port, INITIAL_WINDOW, 0x7fff_ffff);
  client.send(frame(WINDOW_UPDATE, 0, 0, numbers(0x7000_0000)), request(1, WHOLE, '/large'));
  await client.until(({ type }) => type === DATA);
  client.socket.pause();
  // Fewer than would be too many for a client that reads; over some time, since what it does not read has to pile up first.
  for (let i = 0; i < 60; i++) {
    for (let j = 0; j < 50; j++) client.send(frame(PING, 0, 0, '12345678'));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  client.socket.resume();
  // It may be too late for GOAWAY to get through: the connection is not kept for a client that does not read.
  await client.end();
  assert.ok(client.received(1) < LARGE);
});
