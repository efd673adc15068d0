// Assembles the head that goes to the client. Nearly every answer needs no change: then its bytes are sent from where they
// were read, head and body together, and nothing here runs.
import type { CompiledFilters } from '../../filter/filters.ts';
import { copyBytes } from './copy.ts';
import { REPLACED, type Head } from './head.ts';
import { copyLines, dropNamed } from './rewrite-request.ts';

const CONNECTION_CLOSE = Buffer.from('connection: close\r\n');
const CONNECTION_KEEP_ALIVE = Buffer.from('connection: keep-alive\r\n');
const CONNECTION_UPGRADE = Buffer.from('connection: Upgrade\r\nupgrade: websocket\r\n');
const CHUNKED = Buffer.from('transfer-encoding: chunked\r\n');
const ADDED = 128;

/** Which Connection header the client gets. */
export const SAY_NOTHING = 0;
export const SAY_CLOSE = 1;
export const SAY_KEEP_ALIVE = 2;
export const SAY_UPGRADE = 3;

export function boundResponseHead(head: Head, filters: CompiledFilters | undefined): number {
  return head.end - head.start + ADDED + (filters?.responseAppend?.length ?? 0);
}

/**
 * Writes the head at `at` and returns the index after it. `addCoding`: the body will be sent in chunks of our own.
 * Framing lines that must go are marked as dropped by the caller.
 */
export function writeResponseHead(
  to: Buffer,
  at: number,
  bytes: Buffer,
  head: Head,
  filters: CompiledFilters | undefined,
  connection: number,
  addCoding: boolean,
): number {
  if (filters?.responseDrop !== undefined) dropNamed(bytes, head, filters.responseDrop);
  at = copyLines(bytes, head, head.start, to, at);
  const append = filters?.responseAppend;
  if (append !== undefined) at = copyBytes(append, 0, append.length, to, at);
  if (addCoding) at = copyBytes(CHUNKED, 0, CHUNKED.length, to, at);
  if (connection === SAY_CLOSE) at = copyBytes(CONNECTION_CLOSE, 0, CONNECTION_CLOSE.length, to, at);
  else if (connection === SAY_KEEP_ALIVE)
    at = copyBytes(CONNECTION_KEEP_ALIVE, 0, CONNECTION_KEEP_ALIVE.length, to, at);
  else if (connection === SAY_UPGRADE)
    at = copyBytes(CONNECTION_UPGRADE, 0, CONNECTION_UPGRADE.length, to, at);
  to[at++] = 13;
  to[at++] = 10;
  return at;
}

/** Drops a framing line that does not hold for the client. */
export function dropLine(head: Head, line: number): void {
  if (line >= 0) head.drop(line, REPLACED);
}
