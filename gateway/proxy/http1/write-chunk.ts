// Bodies put into chunks (RFC 9112 section 7.1), towards clients and towards backends.
import { copyBytes, copyText } from './copy.ts';

/** 'ffffffff' CR LF before a chunk's data and CR LF after it. */
export const CHUNK_FRAME = 12;
export const LAST_CHUNK = '0\r\n\r\n';

/** `bytes` from `start` to `end` as one chunk, which must not be empty. Returns the index after it. */
export function writeChunk(bytes: Buffer, start: number, end: number, to: Buffer, at: number): number {
  at = copyText(`${(end - start).toString(16)}\r\n`, to, at);
  at = copyBytes(bytes, start, end, to, at);
  return copyText('\r\n', to, at);
}
