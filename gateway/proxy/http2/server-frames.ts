// The frames of a client: HEADERS become requests, each on a stream of its own.
import { ENDED, RESET_BY_US } from './closed-streams.ts';
import { COMPRESSION_ERROR, NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM, STREAM_CLOSED } from './error-code.ts';
import { LAST_STREAM } from './frame.ts';
import { FrameSession } from './frame-session.ts';
import { headFaultDetail, headFaultKind } from './hpack/head-fault.ts';
import { ServerStream } from './server-stream.ts';
import type { ServerSession } from './server-session.ts';
import { ENABLE_CONNECT_PROTOCOL, MAX_CONCURRENT_STREAMS } from './settings.ts';

export class ServerFrames extends FrameSession<ServerStream> {
  readonly session: ServerSession;
  /** Of our GOAWAY: later streams are not taken up. */
  #lastServed: number = LAST_STREAM;

  constructor(session: ServerSession) {
    super(session.engine, session, true);
    this.session = session;
  }

  get lastPeerStream(): number {
    return this.lastStream;
  }

  begin(): void {
    this.greet([MAX_CONCURRENT_STREAMS, this.engine.limits.maxStreams, ENABLE_CONNECT_PROTOCOL, 1]);
  }

  /** The first of two GOAWAYs (RFC 9113 section 6.8): requests that are on their way are still served. */
  announceEnd(): void {
    this.writer.goaway(LAST_STREAM, NO_ERROR, '');
  }

  /** The second: no stream beyond those that have come. */
  refuseMore(): void {
    this.#lastServed = this.lastStream;
    this.writer.goaway(this.lastStream, NO_ERROR, '');
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
    if (id % 2 === 0) return PROTOCOL_ERROR;
    if (id <= this.lastStream) {
      const stream = this.find(id);
      if (stream === undefined) return this.#late(id, block, start, end);
      return this.#trailers(stream, block, start, end, last, fault);
    }
    this.lastStream = id;
    if (fault !== NO_ERROR) return this.#refuse(id, fault, block, start, end);
    if (id > this.#lastServed || this.streams.size >= this.engine.limits.maxStreams)
      return this.#refuse(id, REFUSED_STREAM, block, start, end);
    return this.#request(id, block, start, end, last);
  }

  #request(id: number, block: Buffer, start: number, end: number, last: boolean): number {
    const { engine, decoder } = this;
    const { text } = engine.http2;
    const headEnd = decoder.request(block, start, end, text, 0);
    const kind = headEnd < 0 ? headFaultKind(headEnd) : '';
    if (kind === 'COMPRESSION') return COMPRESSION_ERROR;
    const stream = engine.http2.takeServerStream() ?? new ServerStream();
    stream.begin(this, id, last);
    this.streams.set(stream.id, stream);
    if (kind === 'MALFORMED') {
      stream.exchange.failure = 'BAD_REQUEST';
      return this.streamError(id, PROTOCOL_ERROR);
    }
    if (kind === 'TOO_LARGE') stream.fail('HEAD_TOO_LARGE', headFaultDetail(headEnd));
    else stream.takeHead(text, headEnd, decoder.protocol);
    return NO_ERROR;
  }

  #trailers(
    stream: ServerStream,
    block: Buffer,
    start: number,
    end: number,
    last: boolean,
    fault: number,
  ): number {
    const { text } = this.engine.http2;
    const linesEnd = this.decoder.trailers(block, start, end, text, 0);
    const kind = linesEnd < 0 ? headFaultKind(linesEnd) : '';
    if (kind === 'COMPRESSION') return COMPRESSION_ERROR;
    if (stream.peerEnded) return this.streamError(stream.id, STREAM_CLOSED);
    if (kind !== '' || !last || fault !== NO_ERROR) return this.streamError(stream.id, PROTOCOL_ERROR);
    stream.peerEnded = true;
    stream.onTrailers(text, linesEnd);
    return NO_ERROR;
  }

  /** The stream is closed, or was passed over. */
  #late(id: number, block: Buffer, start: number, end: number): number {
    const how = this.closed.find(id);
    if (how === RESET_BY_US) {
      // The client did not know yet.
      return this.decoder.refuse(block, start, end) < 0 ? COMPRESSION_ERROR : NO_ERROR;
    }
    return how === ENDED ? STREAM_CLOSED : PROTOCOL_ERROR;
  }

  #refuse(id: number, code: number, block: Buffer, start: number, end: number): number {
    if (this.decoder.refuse(block, start, end) < 0) return COMPRESSION_ERROR;
    return this.streamError(id, code);
  }

  onGoawayFrame(): number {
    this.session.retire(0);
    return NO_ERROR;
  }

  onPeerSettings(): void {}

  onStreamClosed(): void {
    if (this.streams.size === 0) this.session.onIdle();
  }

  onFailed(): void {
    this.session.onFailed();
  }

  recycle(stream: ServerStream): void {
    stream.id = 0;
    this.engine.http2.giveServerStream(stream);
  }
}
