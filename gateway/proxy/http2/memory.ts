// What the HTTP/2 connections of a worker share, so that a request allocates nothing: memory for frames and heads, and streams
// that may be used again.
import type { Bytes, Io } from '../channel.ts';
import type { Limits } from '../limits.ts';
import { OutBuffers } from './out-buffers.ts';
import type { ServerStream } from './server-stream.ts';
import type { UpstreamStream } from './upstream-stream.ts';

const MOST_STREAMS = 1024;
/** First line, Host and the empty line of a head. */
const AROUND = 4096;

export class Http2Memory {
  readonly outBuffers: OutBuffers;
  /** A head or trailers as HTTP/1.1 text, valid until the next one is decoded. */
  readonly text: Bytes;
  readonly #serverStreams: ServerStream[] = [];
  readonly #upstreamStreams: UpstreamStream[] = [];

  constructor(io: Io, limits: Limits) {
    this.outBuffers = new OutBuffers(io);
    this.text = io.allocate(limits.maxHeadBytes + AROUND);
  }

  takeServerStream(): ServerStream | undefined {
    return this.#serverStreams.pop();
  }

  giveServerStream(stream: ServerStream): void {
    if (this.#serverStreams.length < MOST_STREAMS) this.#serverStreams.push(stream);
  }

  takeUpstreamStream(): UpstreamStream | undefined {
    return this.#upstreamStreams.pop();
  }

  giveUpstreamStream(stream: UpstreamStream): void {
    if (this.#upstreamStreams.length < MOST_STREAMS) this.#upstreamStreams.push(stream);
  }
}
