// Runs a case of kind 'http2': one request on a new connection, then both sides are judged as with HTTP/1.1.
import { setTimeout as sleep } from 'node:timers/promises';
import { toBytes, type ByteText } from '../corpus/byte-text.ts';
import type { Http2Case } from '../corpus/corpus.ts';
import { makeBlock, makeRequestBlock, type RawField } from '../http2/field-block.ts';
import { END_HEADERS, END_STREAM, FRAME, makeFrame } from '../http2/frame.ts';
import { Http2Client } from '../http2/http2-client.ts';
import { judgeRequest } from './judge.ts';
import { makeToken, type Recorder } from './recorder.ts';

const STREAM = 1;
const SETTLE_MS = 50;
/** Some gateways report an error a second late. */
const LIMITS = { idleMs: 2500, totalMs: 4000 };

export async function runHttp2(
  one: Http2Case,
  host: string,
  port: number,
  recorder: Recorder,
): Promise<string[]> {
  const token = makeToken();
  const client = await Http2Client.open(host, port);
  await client.send(makeRequest(one, token));
  await client.pump({
    ...LIMITS,
    until: ({ ended, resets, goaway }) => ended.has(STREAM) || resets.has(STREAM) || goaway !== undefined,
  });
  const statuses = (client.statuses.get(STREAM) ?? []).filter((status) => status !== 100);
  const closed = client.resets.has(STREAM) || client.refused;
  client.close();
  await sleep(SETTLE_MS);
  return judgeRequest(one, { statuses, closed }, token, recorder.bytesOf(token));
}

function makeRequest({ fields, body, trailers }: Http2Case, token: string): Buffer {
  const block = (list: readonly (readonly [ByteText, ByteText])[]): Buffer =>
    makeBlock(list.map(([name, value]): RawField => [toBytes(name, token), toBytes(value, token)]));
  const last = body === undefined && trailers === undefined ? END_STREAM : 0;
  const frames = [makeFrame(FRAME.headers, END_HEADERS | last, STREAM, block(fields))];
  if (body !== undefined)
    frames.push(makeFrame(FRAME.data, trailers === undefined ? END_STREAM : 0, STREAM, toBytes(body, token)));
  if (trailers !== undefined)
    frames.push(makeFrame(FRAME.headers, END_HEADERS | END_STREAM, STREAM, block(trailers)));
  return Buffer.concat(frames);
}

/** Whether a plain request gets its 200. */
export async function answersHttp2(host: string, port: number): Promise<boolean> {
  try {
    const client = await Http2Client.open(host, port);
    await client.send(makeFrame(FRAME.headers, END_HEADERS | END_STREAM, STREAM, makeRequestBlock()));
    await client.pump({ idleMs: 1500, totalMs: 2000, until: ({ ended }) => ended.has(STREAM) });
    client.close();
    return client.statuses.get(STREAM)?.at(-1) === 200;
  } catch {
    return false;
  }
}
