// Reads the head of the next request once it may be complete: scanned, measured, and checked.
import { checkRequest } from './check-request.ts';
import { PREFACE } from '../http2/frame.ts';
import { findPreface, PART_OF_PREFACE, WHOLE_PREFACE } from '../http2/preface.ts';
import type { Downstream } from './downstream.ts';
import { DONE, HEAD_TOO_LARGE, MORE } from './fault.ts';
import { scanRequest } from './scan.ts';
import type { Stash } from './stash.ts';

/** It is no head: the connection begins as HTTP/2 does. */
export const HTTP2 = 2;

/** DONE with the engine's `requestHead` and view filled, MORE, HTTP2, or a fault. The exchange has begun with DONE and faults. */
export function readRequestHead(
  down: Downstream,
  stash: Stash,
  buffer: Buffer,
  start: number,
  end: number,
): number {
  if (!down.served && stash.scanned < PREFACE.length) {
    const preface = findPreface(buffer, start, end);
    if (preface === WHOLE_PREFACE) return HTTP2;
    if (preface === PART_OF_PREFACE) return waitForMore(down, stash, end - start);
  }
  if (!stash.worthScanning(buffer, start, end)) return MORE;
  const { engine, exchange } = down;
  const { maxHeadBytes } = engine.limits;
  const head = engine.requestHead;
  const result = scanRequest(head, buffer, start, end);
  const size = (result === DONE ? head.end : end) - start;
  if (result === MORE && size < maxHeadBytes) return waitForMore(down, stash, size);
  stash.scanned = 0;
  exchange.begin(engine.io.time);
  exchange.bytesIn = size;
  if (result === MORE || size > maxHeadBytes) return HEAD_TOO_LARGE;
  return result === DONE ? checkRequest(engine, down, buffer, head) : result;
}

function waitForMore(down: Downstream, stash: Stash, seen: number): number {
  const { engine } = down;
  if (stash.scanned === 0) engine.deadlines.set(down, engine.limits.headTimeout);
  stash.scanned = seen;
  return MORE;
}
