// Writes answers to an HTTP/1.x client. An answer that needs no change is sent from where it was read, head and body in one
// call; a body whose length only the backend's end tells is put into chunks, so that the connection stays and the client can
// tell an answer that broke off. An HTTP/1.0 client knows no chunks: its connection ends with the answer.
import type { Bytes } from '../channel.ts';
import type { Engine } from '../engine.ts';
import { CHUNKS, DATA, TUNNEL, type Framing } from '../framing.ts';
import { copyBytes, copyText } from './copy.ts';
import type { Downstream } from './downstream.ts';
import type { Head } from './head.ts';
import {
  boundResponseHead,
  dropLine,
  SAY_CLOSE,
  SAY_KEEP_ALIVE,
  SAY_NOTHING,
  SAY_UPGRADE,
  writeResponseHead,
} from './rewrite-response.ts';
import { CHUNK_FRAME, LAST_CHUNK, writeChunk } from './write-chunk.ts';

const AS_IT_IS = 0;
const INTO_CHUNKS = 1;
const OUT_OF_CHUNKS = 2;

const ONE = 49;

export class AnswerWriter {
  readonly #engine: Engine;
  readonly #down: Downstream;
  #mode = AS_IT_IS;

  constructor(engine: Engine, down: Downstream) {
    this.#engine = engine;
    this.#down = down;
  }

  interim(bytes: Bytes, head: Head): void {
    if (this.#down.exchange.minor === 0) return;
    dropLine(head, head.lengthLine);
    dropLine(head, head.codingLine);
    dropLine(head, head.keepAliveLine);
    const out = this.#engine.out(boundResponseHead(head, undefined));
    this.#send(out, 0, writeResponseHead(out.buffer, 0, bytes.buffer, head, undefined, SAY_NOTHING, false));
  }

  head(bytes: Bytes, head: Head, framing: Framing, bodyEnd: number): void {
    const { exchange } = this.#down;
    this.#mode = AS_IT_IS;
    if (framing === DATA && exchange.minor === 1) this.#mode = INTO_CHUNKS;
    else if (framing === DATA || (framing === CHUNKS && exchange.minor === 0)) {
      exchange.keep = false;
      if (framing === CHUNKS) this.#mode = OUT_OF_CHUNKS;
      dropLine(head, head.codingLine);
    }
    this.#sendHead(bytes, head, framing === TUNNEL ? SAY_UPGRADE : this.#connection(), bodyEnd);
  }

  body(bytes: Bytes, start: number, end: number): void {
    if (this.#mode === AS_IT_IS) this.#send(bytes, start, end);
    else if (this.#mode === INTO_CHUNKS) this.#sendChunk(bytes, start, end);
    else {
      const pieces = this.#down.backend?.pieces ?? [];
      for (let i = 0; i < pieces.length; i += 2) this.#send(bytes, pieces[i]!, pieces[i + 1]!);
    }
  }

  /** `trailers` end with an empty line. */
  end(trailers: Bytes | null, start: number, end: number): void {
    if (this.#mode !== INTO_CHUNKS) return;
    const out = this.#engine.out(LAST_CHUNK.length + end - start);
    if (trailers === null) this.#send(out, 0, copyText(LAST_CHUNK, out.buffer, 0));
    else
      this.#send(
        out,
        0,
        copyBytes(trailers.buffer, start, end, out.buffer, copyText('0\r\n', out.buffer, 0)),
      );
  }

  /** A whole answer of our own, in ASCII. */
  text(text: string): void {
    const out = this.#engine.out(text.length);
    this.#send(out, 0, copyText(text, out.buffer, 0));
  }

  #connection(): number {
    const { exchange } = this.#down;
    if (!exchange.keep) return SAY_CLOSE;
    return exchange.minor === 0 ? SAY_KEEP_ALIVE : SAY_NOTHING;
  }

  #sendHead(bytes: Bytes, head: Head, connection: number, bodyEnd: number): void {
    const { filters } = this.#down.exchange;
    const { buffer } = bytes;
    if (head.minor === 0) buffer[head.start + 7] = ONE;
    if (connection !== SAY_NOTHING) dropLine(head, head.keepAliveLine);
    const filtered =
      filters !== undefined && (filters.responseDrop !== undefined || filters.responseAppend !== undefined);
    if (head.drops === 0 && connection === SAY_NOTHING && this.#mode === AS_IT_IS && !filtered) {
      this.#send(bytes, head.start, bodyEnd);
      return;
    }
    const out = this.#engine.out(boundResponseHead(head, filters));
    const chunked = this.#mode === INTO_CHUNKS;
    const length = writeResponseHead(out.buffer, 0, buffer, head, filters, connection, chunked);
    const bodyStart = head.end;
    if (bodyEnd > bodyStart && this.#mode === AS_IT_IS && length <= bodyStart) {
      // In front of the body, over the old head: still one write.
      out.buffer.copy(buffer, bodyStart - length, 0, length);
      this.#send(bytes, bodyStart - length, bodyEnd);
      return;
    }
    this.#send(out, 0, length);
    if (bodyEnd > bodyStart) this.body(bytes, bodyStart, bodyEnd);
  }

  #sendChunk(bytes: Bytes, start: number, end: number): void {
    if (start === end) return;
    const out = this.#engine.out(end - start + CHUNK_FRAME);
    this.#send(out, 0, writeChunk(bytes.buffer, start, end, out.buffer, 0));
  }

  #send(bytes: Bytes, start: number, end: number): void {
    this.#down.exchange.bytesOut += end - start;
    this.#engine.io.write(this.#down, bytes, start, end);
  }
}
