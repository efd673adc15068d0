// The frames of an endpoint: HEADERS are the heads and the trailers of its answers.
import type { ClientStream } from '../client-stream.ts';
import { ENDED } from './closed-streams.ts';
import { COMPRESSION_ERROR, NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM, STREAM_CLOSED } from './error-code.ts';
import type { ClientSession } from './client-session.ts';
import { LAST_STREAM } from './frame.ts';
import { FrameSession } from './frame-session.ts';
import { headFaultDetail, headFaultKind } from './hpack/head-fault.ts';
import { ENABLE_PUSH } from './settings.ts';
import { UpstreamStream } from './upstream-stream.ts';

/** Requests at once before the endpoint has said how many it takes (RFC 9113 section 6.5.2 asks it for no fewer). */
const STREAMS_AT_FIRST = 100;

export class ClientFrames extends FrameSession<UpstreamStream> {
  readonly session: ClientSession;
  readonly lastPeerStream = 0;
  #settled = false;
  /** The endpoint has sent GOAWAY: no more requests. */
  #leaving = false;

  constructor(session: ClientSession) {
    super(session.engine, session, false);
    this.session = session;
    this.lastStream = -1;
  }

  begin(): void {
    this.writer.preface();
    this.greet([ENABLE_PUSH, 0]);
  }

  /** Takes another request. */
  get hasRoom(): boolean {
    const most = this.#settled ? this.peer.maxStreams : Math.min(STREAMS_AT_FIRST, this.peer.maxStreams);
    return !this.#leaving && !this.failed && this.streams.size < most && this.lastStream < LAST_STREAM - 1;
  }

  /** Opens a stream. Its head is to follow at once: streams open in their order. */
  open(down: ClientStream): UpstreamStream {
    const stream = this.engine.http2.takeUpstreamStream() ?? new UpstreamStream();
    this.lastStream += 2;
    stream.begin(this, this.lastStream, down);
    this.streams.set(stream.id, stream);
    return stream;
  }

  /** `text` up to `end` is the head as HTTP/1.1 has it. */
  sendHead(stream: UpstreamStream, text: Buffer, end: number): void {
    const { writer, encoder } = this;
    const at = writer.reserveBlock(encoder.bound(end));
    const blockEnd = encoder.request(text, 0, end, this.session.scheme, writer.buffer, at);
    writer.headers(stream.id, blockEnd, false);
  }

  isIdle(id: number): boolean {
    return id % 2 === 0 || id > this.lastStream;
  }

  onHeadersFrame(
    id: number,
    block: Buffer,
    start: number,
    end: number,
    last: boolean,
    fault: number,
  ): number {
    const { decoder } = this;
    const stream = this.find(id);
    if (stream === undefined || stream.peerEnded) {
      if (this.isIdle(id)) return PROTOCOL_ERROR;
      if (decoder.refuse(block, start, end) < 0) return COMPRESSION_ERROR;
      return this.closed.find(id) === ENDED || stream !== undefined ? STREAM_CLOSED : NO_ERROR;
    }
    const { text } = this.engine.http2;
    const textEnd = stream.answered
      ? decoder.trailers(block, start, end, text, 0)
      : decoder.response(block, start, end, text, 0);
    const kind = textEnd < 0 ? headFaultKind(textEnd) : '';
    if (kind === 'COMPRESSION') return COMPRESSION_ERROR;
    if (kind !== '' || fault !== NO_ERROR || (stream.answered && !last)) {
      stream.refuse(kind === '' ? '' : headFaultDetail(textEnd));
      return NO_ERROR;
    }
    stream.peerEnded = last;
    if (stream.answered) stream.onTrailers(text, textEnd);
    else stream.onHead(text, textEnd);
    return NO_ERROR;
  }

  /** Requests that the endpoint has not taken up go elsewhere; those that it has are awaited. */
  onGoawayFrame(last: number): number {
    this.leave();
    for (const stream of this.streams.values()) {
      if (stream.id <= last) continue;
      this.close(stream, ENDED);
      stream.onLost(REFUSED_STREAM);
    }
    return NO_ERROR;
  }

  /** No more requests: the connection ends with its last answer. */
  leave(): void {
    this.#leaving = true;
    this.session.leavePool();
    if (this.streams.size === 0) this.session.onIdle();
  }

  get leaving(): boolean {
    return this.#leaving;
  }

  onPeerSettings(): void {
    this.#settled = true;
  }

  onStreamClosed(): void {
    if (this.streams.size === 0) this.session.onIdle();
  }

  onFailed(): void {
    this.session.onFailed();
  }

  recycle(stream: UpstreamStream): void {
    stream.id = 0;
    this.engine.http2.giveUpstreamStream(stream);
  }
}
