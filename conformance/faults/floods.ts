// HTTP/2 floods: many cheap frames on one connection. Others are served, memory stays bounded, and the program lives.
import { readFileSync } from 'node:fs';
import { findEnd } from '../case.ts';
import { Origin } from '../drain/origin.ts';
import { makeLiteral, makeRequestBlock } from '../http2/field-block.ts';
import { END_HEADERS, END_STREAM, FRAME, makeFrame, word } from '../http2/frame.ts';
import { Http2Client } from '../http2/http2-client.ts';
import { openTarget } from '../target/open-target.ts';
import type { Fault, Finding } from './fault.ts';
import { findBadAnswers } from './good-client.ts';

const MOST_GROWTH_MB = 64;
const CANCEL = 8;
const BURST = 100;

/** The frames of one burst; `number` counts bursts from 0. */
type Burst = (number: number) => readonly Buffer[];

const FLOODS: Readonly<Record<string, { readonly bursts: number; readonly burst: Burst }>> = {
  'rapid reset, 6000 streams (CVE-2023-44487)': {
    bursts: 60,
    burst: (number) =>
      streams(number).flatMap((id) => [open(id), makeFrame(FRAME.reset, 0, id, word(CANCEL))]),
  },
  'resets provoked, 2000 streams (CVE-2025-8671)': {
    bursts: 20,
    burst: (number) =>
      streams(number).flatMap((id) => [open(id), makeFrame(FRAME.windowUpdate, 0, id, word(0))]),
  },
  '5000 pings, unread (CVE-2019-9512)': {
    bursts: 50,
    burst: () => repeat(makeFrame(FRAME.ping, 0, 0, Buffer.alloc(8))),
  },
  '5000 settings (CVE-2019-9515)': { bursts: 50, burst: () => repeat(makeFrame(FRAME.settings, 0, 0)) },
  '5000 empty DATA frames (CVE-2019-9518)': {
    bursts: 50,
    burst: (number) => [
      ...(number === 0
        ? [makeFrame(FRAME.headers, END_HEADERS, 1, makeRequestBlock('/wait/2000', 'POST'))]
        : []),
      ...repeat(makeFrame(FRAME.data, 0, 1)),
    ],
  },
  '6 MB of CONTINUATION (CVE-2024-27316)': {
    bursts: 6,
    burst: (number) => [
      ...(number === 0 ? [makeFrame(FRAME.headers, END_STREAM, 1, makeRequestBlock('/'))] : []),
      ...repeat(makeFrame(FRAME.continuation, 0, 1, makeLiteral('x-flood', 'y'.repeat(10_000)))),
    ],
  },
};

export const http2Floods: Fault = {
  name: '22 HTTP/2 floods',
  async run(context) {
    await using origin = await Origin.open('a');
    await using gateway = await openTarget(context, [
      { prefix: '/', protocol: 'http1', backends: [origin.port] },
    ]);
    const { ports, program } = gateway;
    const findings: Finding[] = [];
    for (const [id, { bursts, burst }] of Object.entries(FLOODS)) {
      const before = residentMb(program.pid);
      const client = await Http2Client.open('127.0.0.1', ports.h2c);
      for (let number = 0; number < bursts && !client.closed; number += 1)
        if (!(await client.send(Buffer.concat(burst(number))))) break;
      const served = await findBadAnswers(ports.http, 10);
      client.close();
      const growth = residentMb(program.pid) - before;
      findings.push({
        id,
        wrong: [
          ...served,
          ...(growth <= MOST_GROWTH_MB ? [] : [`${growth.toFixed(0)} MB more memory`]),
          ...findEnd(program),
        ],
        figures: `${growth.toFixed(0)} MB`,
      });
    }
    return findings;
  },
};

function streams(burst: number): number[] {
  return Array.from({ length: BURST }, (_, index) => 1 + 2 * (burst * BURST + index));
}

function open(stream: number): Buffer {
  return makeFrame(FRAME.headers, END_HEADERS | END_STREAM, stream, makeRequestBlock('/'));
}

function repeat(frame: Buffer): Buffer[] {
  return Array.from({ length: BURST }, () => frame);
}

/** 0 when it is gone. */
function residentMb(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
