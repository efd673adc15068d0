// Frames on their way out: gathered in one buffer for one turn of the loop and written in one call (sooner when the buffer
// is full). With 16 streams on a connection this is a system call for 16 answers.
import type { Bytes, Channel, Io } from '../channel.ts';
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  FRAME_HEADER,
  FRAME_SIZE,
  GOAWAY,
  HEADERS,
  NO_FLAGS,
  PING,
  PREFACE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
  writeFrameHeader,
  writeNumber,
} from './frame.ts';
import { OUT_SIZE, type OutBuffers } from './out-buffers.ts';
import { SETTING_SIZE, writeSetting } from './settings.ts';

const PING_SIZE = 8;
const NUMBER = 4;
const GOAWAY_SIZE = 8;
const NO_BYTES: Buffer = Buffer.alloc(0);

export class FrameWriter {
  readonly #io: Io;
  readonly #channel: Channel;
  readonly #buffers: OutBuffers;
  #bytes: Bytes | null = null;
  /** Where frames are assembled; valid after `reserve`, until the next one. */
  buffer: Buffer = NO_BYTES;
  /** End of the frames that wait there. */
  length = 0;
  /** The last frame of DATA or HEADERS that waits, and its stream; 0 for none. */
  #lastStream = 0;
  #lastAt = 0;

  constructor(io: Io, channel: Channel, buffers: OutBuffers) {
    this.#io = io;
    this.#channel = channel;
    this.#buffers = buffers;
  }

  /** Makes room for `size` more bytes. What waits is written if it must be. */
  reserve(size: number): void {
    if (this.#bytes === null) this.#io.later(this.#channel);
    else if (this.buffer.length - this.length >= size) return;
    else this.flush();
    this.#bytes = size > OUT_SIZE ? this.#io.allocate(size) : this.#buffers.take();
    this.buffer = this.#bytes.buffer;
  }

  /** Writes what waits. Called at the end of the turn. */
  flush(): void {
    const bytes = this.#bytes;
    if (bytes === null) return;
    const { length } = this;
    this.#bytes = null;
    this.buffer = NO_BYTES;
    this.length = 0;
    this.#lastStream = 0;
    if (length > 0) this.#io.write(this.#channel, bytes, 0, length);
    this.#buffers.give(bytes);
  }

  preface(): void {
    this.reserve(PREFACE.length);
    PREFACE.copy(this.buffer, this.length);
    this.length += PREFACE.length;
  }

  /** `settings`: names and values in turn. */
  settings(settings: readonly number[]): void {
    const size = (settings.length / 2) * SETTING_SIZE;
    let at = this.#begin(size, SETTINGS, NO_FLAGS, 0);
    for (let i = 0; i < settings.length; i += 2)
      at = writeSetting(this.buffer, at, settings[i]!, settings[i + 1]!);
    this.length = at;
  }

  settingsAck(): void {
    this.length = this.#begin(0, SETTINGS, ACK, 0);
  }

  pingAck(payload: Buffer, start: number): void {
    const at = this.#begin(PING_SIZE, PING, ACK, 0);
    payload.copy(this.buffer, at, start, start + PING_SIZE);
    this.length = at + PING_SIZE;
  }

  windowUpdate(stream: number, increment: number): void {
    const at = this.#begin(NUMBER, WINDOW_UPDATE, NO_FLAGS, stream);
    this.length = writeNumber(this.buffer, at, increment);
  }

  reset(stream: number, code: number): void {
    const at = this.#begin(NUMBER, RST_STREAM, NO_FLAGS, stream);
    this.length = writeNumber(this.buffer, at, code);
  }

  /** `detail` is ASCII, for whoever looks at the wire. */
  goaway(last: number, code: number, detail: string): void {
    let at = this.#begin(GOAWAY_SIZE + detail.length, GOAWAY, NO_FLAGS, 0);
    at = writeNumber(this.buffer, writeNumber(this.buffer, at, last), code);
    this.length = at + this.buffer.write(detail, at, 'latin1');
  }

  /** One DATA frame of at most FRAME_SIZE bytes, every peer takes those. */
  data(stream: number, from: Buffer, start: number, end: number, last: boolean): void {
    const at = this.#begin(end - start, DATA, last ? END_STREAM : NO_FLAGS, stream);
    this.#lastStream = stream;
    this.#lastAt = this.length;
    from.copy(this.buffer, at, start, end);
    this.length = at + end - start;
  }

  /**
   * A header block: `reserveBlock`, then write it at the index that returns, then `headers` with its end. Blocks that are
   * larger than a frame are moved apart, to make room for the headers of CONTINUATION.
   */
  reserveBlock(bound: number): number {
    this.reserve(FRAME_HEADER + bound + Math.ceil(bound / FRAME_SIZE) * FRAME_HEADER);
    return this.length + FRAME_HEADER;
  }

  headers(stream: number, end: number, last: boolean): void {
    this.#lastStream = stream;
    this.#lastAt = this.length;
    const flags = last ? END_STREAM : NO_FLAGS;
    const start = this.length + FRAME_HEADER;
    const size = end - start;
    if (size <= FRAME_SIZE) {
      writeFrameHeader(this.buffer, this.length, size, HEADERS, flags | END_HEADERS, stream);
      this.length = end;
      return;
    }
    const frames = Math.ceil(size / FRAME_SIZE);
    for (let i = frames - 1; i > 0; i--) {
      const from = start + i * FRAME_SIZE;
      const until = Math.min(end, from + FRAME_SIZE);
      const at = from + (i - 1) * FRAME_HEADER;
      this.buffer.copy(this.buffer, at + FRAME_HEADER, from, until);
      const ending = i === frames - 1 ? END_HEADERS : NO_FLAGS;
      writeFrameHeader(this.buffer, at, until - from, CONTINUATION, ending, stream);
    }
    writeFrameHeader(this.buffer, this.length, FRAME_SIZE, HEADERS, flags, stream);
    this.length = end + (frames - 1) * FRAME_HEADER;
  }

  /** Ends the stream with its last frame, if that still waits and nothing of the connection's other streams follows it. */
  endLast(stream: number): boolean {
    if (this.#lastStream !== stream) return false;
    this.buffer[this.#lastAt + 4]! |= END_STREAM;
    return true;
  }

  /** Returns the index of the payload. */
  #begin(length: number, type: number, flags: number, stream: number): number {
    this.reserve(FRAME_HEADER + length);
    return writeFrameHeader(this.buffer, this.length, length, type, flags, stream);
  }
}
