// How the body of an answer goes to the client: nearly always as it came, else into chunks (only the end of the connection
// ended it) or out of chunks (an HTTP/1.0 client does not know them).
import type { Bytes } from '../channel.ts';
import type { Engine } from '../engine.ts';
import { copyBytes, copyText } from './copy.ts';
import type { Downstream } from './downstream.ts';

export const AS_IT_IS = 0;
export const INTO_CHUNKS = 1;
export const OUT_OF_CHUNKS = 2;

/** 'ffffffff' CR LF before a chunk's data and CR LF after it. */
const CHUNK_FRAME = 12;
const LAST_CHUNK = '0\r\n\r\n';

/** `pieces` are the data of the chunks in these bytes, for OUT_OF_CHUNKS. */
export function sendBody(
  engine: Engine,
  down: Downstream,
  mode: number,
  pieces: readonly number[],
  bytes: Bytes,
  start: number,
  end: number,
): void {
  const { io } = engine;
  const { exchange } = down;
  if (mode === AS_IT_IS) {
    exchange.bytesOut += end - start;
    io.write(down, bytes, start, end);
  } else if (mode === INTO_CHUNKS) {
    const out = engine.out(end - start + CHUNK_FRAME);
    let at = copyText(`${(end - start).toString(16)}\r\n`, out.buffer, 0);
    at = copyBytes(bytes.buffer, start, end, out.buffer, at);
    at = copyText('\r\n', out.buffer, at);
    exchange.bytesOut += at;
    io.write(down, out, 0, at);
  } else {
    for (let i = 0; i < pieces.length; i += 2) {
      exchange.bytesOut += pieces[i + 1]! - pieces[i]!;
      io.write(down, bytes, pieces[i]!, pieces[i + 1]!);
    }
  }
}

/** The last chunk of those that `sendBody` made. */
export function endChunks(engine: Engine, down: Downstream): void {
  const out = engine.out(LAST_CHUNK.length);
  const length = copyText(LAST_CHUNK, out.buffer, 0);
  down.exchange.bytesOut += length;
  engine.io.write(down, out, 0, length);
}
