// What routes and filters see of the request whose head was just scanned: strings cut from its bytes when asked for.
import type { RequestView } from '../../route/request-view.ts';
import { cutText } from './copy.ts';
import { HOP_BY_HOP, type Head } from './head.ts';

const NO_BYTES = Buffer.alloc(0);

export class HeadView implements RequestView {
  method = '';
  host = '';
  path = '';
  query = '';
  bytes: Buffer = NO_BYTES;
  readonly #head: Head;

  constructor(head: Head) {
    this.#head = head;
  }

  header(name: string): string | undefined {
    const head = this.#head;
    const { bytes } = this;
    let joined: string | undefined;
    for (let line = 0; line < head.count; line++) {
      if (head.dropped[line] === HOP_BY_HOP) continue;
      if (!isNamed(head, bytes, line, name)) continue;
      const value = cutText(bytes, head.valueStart(line), head.valueEnd(line));
      joined = joined === undefined ? value : `${joined},${value}`;
    }
    return joined;
  }
}

/** `name` is lower case. */
function isNamed(head: Head, bytes: Buffer, line: number, name: string): boolean {
  const start = head.lineStart(line);
  if (head.nameEnd(line) - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + i]!;
    const lower = byte >= 65 && byte <= 90 ? byte | 0x20 : byte;
    if (lower !== name.charCodeAt(i)) return false;
  }
  return true;
}

/** The method as a string, without cutting one for the usual methods. */
export function methodOf(bytes: Buffer, start: number, end: number): string {
  const first = bytes[start]!;
  const known =
    first === 71
      ? 'GET'
      : first === 72
        ? 'HEAD'
        : first === 80
          ? end - start === 4
            ? 'POST'
            : 'PUT'
          : 'DELETE';
  if (known.length === end - start) {
    let i = 0;
    while (i < known.length && bytes[start + i] === known.charCodeAt(i)) i++;
    if (i === known.length) return known;
  }
  return cutText(bytes, start, end);
}

/** Methods that may be sent twice (RFC 9110 section 9.2.2). */
export function isIdempotent(method: string): boolean {
  return (
    method === 'GET' ||
    method === 'HEAD' ||
    method === 'PUT' ||
    method === 'DELETE' ||
    method === 'OPTIONS' ||
    method === 'TRACE'
  );
}
