// Assembles the head that goes to the backend: the client's lines as they are, range by range, without the dropped ones,
// followed by ours. Names and values were checked by the scan, so copying cannot change how they are read.
//
//   X-Forwarded-For     the client's address is appended to what is there
//   X-Forwarded-Proto   set; what an unknown client claims counts for nothing. Within the mesh it is kept
//   X-Request-Id        kept, or made
// A route that sets or removes one of the three has the last word. Via is not added: nginx, for one, stops compressing for
// requests that carry it, and no gateway of this kind sends it.
import type { CompiledFilters } from '../../filter/filters.ts';
import { copyBytes, copyText, cutText } from './copy.ts';
import type { Forwarded } from './forwarded.ts';
import { REPLACED, type Head } from './head.ts';
import { writeRequestId } from './request-id.ts';

const FORWARDED_FOR = Buffer.from('x-forwarded-for: ');
const REQUEST_ID = Buffer.from('x-request-id: ');
const ONE = 49;
const UPGRADE = Buffer.from('connection: Upgrade\r\nupgrade: websocket\r\n');
const CR = 13;
const LF = 10;
/** Room for everything of fixed length that is added. */
const ADDED = 256;

/** What to change in a request's head. One object per worker, filled anew. */
export class RequestEdit {
  /** The request target to send; '' keeps the client's. */
  target = '';
  /** The Host to send; '' keeps the client's. */
  host = '';
  filters: CompiledFilters | undefined = undefined;
  forwarded: Forwarded | undefined = undefined;
  /** Keep an X-Forwarded-Proto that is there. */
  keepProto = false;
  /** Ask the backend for WebSocket. */
  upgrade = false;
  /** A framing line of ours, with CR LF; '' when the client's holds. */
  framing = '';
}

/** At least as many bytes as `writeRequestHead` will write. */
export function boundRequestHead(head: Head, edit: RequestEdit): number {
  return (
    head.end -
    head.start +
    ADDED +
    edit.target.length +
    edit.host.length +
    (edit.forwarded?.address.length ?? 0) * 2 +
    (edit.filters?.requestAppend?.length ?? 0)
  );
}

/** Writes the head at `at` and returns the index after it. `bytes` may be changed where the head stands. */
export function writeRequestHead(
  to: Buffer,
  at: number,
  bytes: Buffer,
  head: Head,
  edit: RequestEdit,
): number {
  const { filters, forwarded } = edit;
  let from = head.start;
  if (edit.target !== '') {
    at = copyBytes(bytes, from, head.methodEnd + 1, to, at);
    at = copyText(`${edit.target} HTTP/1.1\r\n`, to, at);
    from = head.linesStart;
  } else if (head.minor === 0 && !edit.upgrade) bytes[head.linesStart - 3] = ONE;
  if (edit.host !== '') {
    at = copyBytes(bytes, from, head.linesStart, to, at);
    from = head.linesStart;
    at = copyText(`Host: ${edit.host}\r\n`, to, at);
    if (head.host >= 0) head.drop(head.host, REPLACED);
  }
  if (edit.upgrade || edit.framing !== '') {
    at = copyBytes(bytes, from, head.linesStart, to, at);
    from = head.linesStart;
    if (edit.upgrade) at = copyBytes(UPGRADE, 0, UPGRADE.length, to, at);
    at = copyText(edit.framing, to, at);
  }
  const removed = filters?.requestDrop;
  if (removed !== undefined) dropNamed(bytes, head, removed);
  if (
    forwarded !== undefined &&
    head.forwardedFor < 0 &&
    head.forwardedProto < 0 &&
    head.requestId < 0 &&
    removed === undefined
  ) {
    at = copyLines(bytes, head, from, to, at);
    if (filters?.requestAppend !== undefined)
      at = copyBytes(filters.requestAppend, 0, filters.requestAppend.length, to, at);
    at = writeRequestId(to, copyBytes(forwarded.lines, 0, forwarded.lines.length, to, at));
    to[at++] = CR;
    to[at++] = LF;
  } else at = writeWithOwn(to, at, bytes, head, from, edit);
  to[at++] = CR;
  to[at++] = LF;
  return at;
}

/** Copies the lines that stay, from `from` to the empty line. */
export function copyLines(bytes: Buffer, head: Head, from: number, to: Buffer, at: number): number {
  if (head.drops > 0) {
    for (let line = 0; line < head.count; line++) {
      if (head.dropped[line] === 0) continue;
      const start = head.lineStart(line);
      if (start > from) at = copyBytes(bytes, from, start, to, at);
      from = head.lineStart(line + 1);
    }
  }
  return copyBytes(bytes, from, head.end - 2, to, at);
}

/** Marks the lines whose lower-case names a route removes. */
export function dropNamed(bytes: Buffer, head: Head, names: ReadonlySet<string>): void {
  for (let line = 0; line < head.count; line++) {
    const name = cutText(bytes, head.lineStart(line), head.nameEnd(line)).toLowerCase();
    if (names.has(name)) head.drop(line, REPLACED);
  }
}

/** The request brings some of our lines itself, or its route removes some. */
function writeWithOwn(
  to: Buffer,
  at: number,
  bytes: Buffer,
  head: Head,
  from: number,
  edit: RequestEdit,
): number {
  const { filters, forwarded, keepProto } = edit;
  const removed = filters?.requestDrop;
  const ownFor = !(removed?.has('x-forwarded-for') ?? false);
  const ownProto = !(removed?.has('x-forwarded-proto') ?? false) && !(keepProto && head.forwardedProto >= 0);
  const ownId = !(removed?.has('x-request-id') ?? false) && head.requestId < 0;
  if (ownFor && head.forwardedFor >= 0) head.drop(head.forwardedFor, REPLACED);
  if (ownProto && head.forwardedProto >= 0) head.drop(head.forwardedProto, REPLACED);
  at = copyLines(bytes, head, from, to, at);
  const append = filters?.requestAppend;
  if (append !== undefined) at = copyBytes(append, 0, append.length, to, at);
  if (ownFor && forwarded !== undefined) {
    at = copyBytes(FORWARDED_FOR, 0, FORWARDED_FOR.length, to, at);
    const line = head.forwardedFor;
    if (line >= 0 && head.valueEnd(line) > head.valueStart(line)) {
      at = copyBytes(bytes, head.valueStart(line), head.valueEnd(line), to, at);
      at = copyText(', ', to, at);
    }
    at = copyBytes(forwarded.address, 0, forwarded.address.length, to, at);
    to[at++] = CR;
    to[at++] = LF;
  }
  if (ownProto && forwarded !== undefined) at = copyBytes(forwarded.proto, 0, forwarded.proto.length, to, at);
  if (ownId) {
    at = writeRequestId(to, copyBytes(REQUEST_ID, 0, REQUEST_ID.length, to, at));
    to[at++] = CR;
    to[at++] = LF;
  }
  return at;
}
