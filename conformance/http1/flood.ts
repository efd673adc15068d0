// Runs a case of kind 'flood': many cheap frames on one HTTP/2 connection. The gateway must end it where the protocol says so, bound
// what it does for it, and serve others all the while.
import type { NamedCase } from '../corpus/corpus.ts';
import { makeBlock, makeLiteral, makeRequestBlock } from '../http2/field-block.ts';
import { ACK, END_HEADERS, END_STREAM, FRAME, makeFrame, makeSettings, word } from '../http2/frame.ts';
import { Http2Client } from '../http2/http2-client.ts';
import { isAlive, type Front } from './front.ts';
import { answersHttp2 } from './send-http2.ts';

/** Some gateways end a connection a second late. */
const LATE = { idleMs: 1600, totalMs: 1800 };
const CANCEL = 8;
const LARGEST_WINDOW = 0x7fffffff;
const INITIAL_WINDOW_SIZE = 4;
const UNKNOWN_TYPE = 238;
const FRAME_BYTES = 16_000;

/** `ended`: the gateway must end the connection or the first stream. */
type Flood = (client: Http2Client) => Promise<{ readonly findings?: string[]; readonly ended?: boolean }>;

const FLOODS: Readonly<Record<string, Flood>> = {
  madeyoureset: async (client) => {
    const burst = (first: number): Buffer =>
      Buffer.concat(
        odd(first, 50).map((stream) =>
          Buffer.concat([get(stream), makeFrame(FRAME.windowUpdate, 0, stream, word(0))]),
        ),
      );
    for (let turn = 0; turn < 40 && !client.refused; turn += 1) {
      if (!(await client.send(burst(1 + turn * 100)))) break;
      await client.pump({ idleMs: 5, totalMs: 20 });
    }
    return awaitEnd(client);
  },
  'cont-flood': (client) => floodContinuations(client, repeat(makeLiteral('x-a', 'b'.repeat(1000)), 8), 600),
  'cont-empty': (client) => floodContinuations(client, Buffer.alloc(0), 4000),
  'settings-flood': (client) =>
    floodFrames(client, makeFrame(FRAME.settings, 0, 0, makeSettings([INITIAL_WINDOW_SIZE, 65_535])), false),
  'prio-flood': (client) =>
    floodFrames(client, makeFrame(FRAME.priority, 0, 3, Buffer.of(0, 0, 0, 0, 16)), true),
  'wu-flood': (client) => floodFrames(client, makeFrame(FRAME.windowUpdate, 0, 0, word(1)), true),
  'unknown-frames': (client) =>
    floodFrames(client, makeFrame(UNKNOWN_TYPE, 0, 0, Buffer.alloc(16, 'x')), true),
  'rst-flood': async (client) => {
    const pair = (stream: number): Buffer =>
      Buffer.concat([get(stream), makeFrame(FRAME.reset, 0, stream, word(CANCEL))]);
    await client.send(Buffer.concat(odd(1, 100).map(pair)));
    await client.pump({ idleMs: 300, totalMs: 1000 });
    return {};
  },
  'hdr-list-huge': async (client) => {
    await client.send(Buffer.concat(hugeHeaders()));
    await client.pump({ idleMs: 600, totalMs: 2000 });
    return { findings: client.statuses.get(1)?.at(-1) === 200 ? ['900KB headers accepted'] : [] };
  },
  'settings-ack-junk': (client) => mustEnd(client, makeFrame(FRAME.settings, ACK, 0, Buffer.alloc(6, 'x'))),
  'wu-overflow': (client) => mustEnd(client, makeFrame(FRAME.windowUpdate, 0, 0, word(LARGEST_WINDOW))),
  'data-idle': (client) => mustEnd(client, makeFrame(FRAME.data, END_STREAM, 5, Buffer.from('x'))),
  'even-stream': (client) => mustEnd(client, get(2)),
  'max-streams': async (client) => {
    await client.send(Buffer.concat(odd(1, 2000).map((stream) => get(stream, '/slow=0.3'))));
    await client.pump({ idleMs: 500, totalMs: 3000 });
    const served = [...client.statuses.values()].filter((statuses) => statuses.at(-1) === 200).length;
    return { findings: served >= 2000 ? [`no stream limit: ${served} concurrent accepted`] : [] };
  },
  'goaway-cont': async (client) => {
    await client.send(get(1));
    await client.send(makeFrame(FRAME.goaway, 0, 0, Buffer.alloc(8)));
    await client.pump({ idleMs: 1500, totalMs: 2000, until: ({ ended }) => ended.has(1) });
    return { findings: client.statuses.get(1)?.at(-1) === 200 ? [] : ['in-flight dropped'] };
  },
};

export async function runFlood({ name }: NamedCase, front: Front, port: number): Promise<string[]> {
  const flood = FLOODS[name];
  if (flood === undefined) throw new Error(`there is no flood '${name}'`);
  const client = await Http2Client.open(front.host, port);
  const { findings = [], ended = false } = await flood(client);
  if (ended && !client.refused && !client.resets.has(1)) findings.push('no GOAWAY/close');
  const lives = (await answersHttp2(front.host, port)) && (await answersHttp2(front.host, port));
  if (!lives) findings.push('NOT ALIVE h2');
  if (!(await isAlive(front))) findings.push('NOT ALIVE h1');
  client.close();
  return findings;
}

/** Whether every flood that a case names is here. */
export function knowsFlood(name: string): boolean {
  return Object.hasOwn(FLOODS, name);
}

async function floodContinuations(client: Http2Client, block: Buffer, count: number): ReturnType<Flood> {
  await client.send(makeFrame(FRAME.headers, END_STREAM, 1, makeRequestBlock()));
  const frame = makeFrame(FRAME.continuation, 0, 1, block);
  for (let sent = 0; sent < count && !client.refused; sent += 1) {
    if (!(await client.send(frame))) break;
    await client.glance();
  }
  return awaitEnd(client);
}

async function floodFrames(client: Http2Client, frame: Buffer, reads: boolean): ReturnType<Flood> {
  const burst = repeat(frame, 200);
  if (!reads) client.stopReading();
  for (let turn = 0; turn < 200 && !client.refused; turn += 1) {
    if (!(await client.send(burst))) break;
    if (reads) await client.glance();
  }
  client.readAgain();
  await client.pump({ idleMs: 300, totalMs: 1000 });
  return {};
}

async function mustEnd(client: Http2Client, bytes: Buffer): ReturnType<Flood> {
  await client.send(bytes);
  return awaitEnd(client);
}

async function awaitEnd(client: Http2Client): ReturnType<Flood> {
  await client.pump({ ...LATE, until: ({ refused, resets }) => refused || resets.size > 0 });
  return { ended: true };
}

/** One block of 900 KB, in as many frames as it takes. */
function hugeHeaders(): Buffer[] {
  const fields = Array.from(
    { length: 1000 },
    (_, n) => [Buffer.from(`x-${n}`), Buffer.alloc(900, 'v')] as const,
  );
  const block = Buffer.concat([makeRequestBlock(), makeBlock(fields)]);
  const frames: Buffer[] = [];
  for (let at = 0; at < block.length; at += FRAME_BYTES) {
    const [type, first] = at === 0 ? [FRAME.headers, END_STREAM] : [FRAME.continuation, 0];
    const last = at + FRAME_BYTES >= block.length ? END_HEADERS : 0;
    frames.push(makeFrame(type, first | last, 1, block.subarray(at, at + FRAME_BYTES)));
  }
  return frames;
}

function get(stream: number, path?: string): Buffer {
  return makeFrame(FRAME.headers, END_HEADERS | END_STREAM, stream, makeRequestBlock(path));
}

/** Stream numbers of a client. */
function odd(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) => first + n * 2);
}

function repeat(bytes: Buffer, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => bytes));
}
