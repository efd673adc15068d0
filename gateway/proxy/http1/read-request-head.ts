// Reads the head of the next request once it may be complete: scanned, measured, and checked.
import { checkRequest } from './check-request.ts';
import type { Downstream } from './downstream.ts';
import { DONE, HEAD_TOO_LARGE, MORE } from './fault.ts';
import { scanRequest } from './scan.ts';
import type { Stash } from './stash.ts';

/** DONE with the engine's `requestHead` and view filled, MORE, or a fault. The exchange has begun unless it is MORE. */
export function readRequestHead(
  down: Downstream,
  stash: Stash,
  buffer: Buffer,
  start: number,
  end: number,
): number {
  if (!stash.worthScanning(buffer, start, end)) return MORE;
  const { engine, exchange } = down;
  const { maxHeadBytes, headTimeout } = engine.limits;
  const head = engine.requestHead;
  const result = scanRequest(head, buffer, start, end);
  const size = (result === DONE ? head.end : end) - start;
  if (result === MORE && size < maxHeadBytes) {
    if (stash.scanned === 0) engine.deadlines.set(down, headTimeout);
    stash.scanned = size;
    return MORE;
  }
  stash.scanned = 0;
  exchange.begin(engine.io.time);
  exchange.bytesIn = size;
  if (result === MORE || size > maxHeadBytes) return HEAD_TOO_LARGE;
  return result === DONE ? checkRequest(engine, down, buffer, head) : result;
}
