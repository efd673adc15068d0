// One request of an HTTP/2 client, and its answer: the client's half of an exchange. Heads come and go as HTTP/1.1 text, and
// what comes is judged by the same scan and the same checks as a request by HTTP/1.1.
import { randomBytes } from 'node:crypto';
import { FAILURES, type FailureCode } from '../../model/failure.ts';
import type { BackendStream } from '../backend-stream.ts';
import type { Bytes } from '../channel.ts';
import type { Client } from '../client.ts';
import type { ClientStream } from '../client-stream.ts';
import { Exchange } from '../exchange.ts';
import { CHUNKS, DATA, LENGTH, TUNNEL, type Framing } from '../framing.ts';
import { checkRequest } from '../http1/check-request.ts';
import { copyText } from '../http1/copy.ts';
import { DONE, faultCode, faultDetail, NOT_SWITCHED } from '../http1/fault.ts';
import type { Head } from '../http1/head.ts';
import { failureAnswer } from '../http1/local-answer.ts';
import { boundResponseHead, dropLine, SAY_NOTHING, writeResponseHead } from '../http1/rewrite-response.ts';
import { dropNamed } from '../http1/rewrite-request.ts';
import { scanRequest, scanResponse } from '../http1/scan.ts';
import { settle } from '../settle.ts';
import { ENDED } from './closed-streams.ts';
import { CANCEL, INTERNAL_ERROR, NO_ERROR, PROTOCOL_ERROR } from './error-code.ts';
import { RESETS } from './flood-guard.ts';
import { GrpcDeadline } from './grpc-deadline.ts';
import { grpcFailureHead, grpcFailureTrailers, grpcTimeout, isGrpc } from './grpc.ts';
import type { ServerFrames } from './server-frames.ts';
import { Stream } from './stream.ts';

const KEY_BYTES = 16;
const NO_PIECES: readonly number[] = [];
/** Where the status stands in a status line. */
const STATUS_AT = 9;
const WEBSOCKET = 'websocket';
/** Answers the key of a handshake that HTTP/2 does not have. */
const ACCEPT: ReadonlySet<string> = new Set(['sec-websocket-accept']);

export class ServerStream extends Stream implements ClientStream {
  slot = -1;
  backend: BackendStream | null = null;
  framing: Framing = DATA;
  readonly exchange: Exchange = new Exchange();
  readonly pieces: readonly number[] = NO_PIECES;
  readonly takesChunks = false;
  #frames!: ServerFrames;
  /** Bytes of body that are still to come, -1 when the head does not say. */
  #expected = -1;
  #grpc = false;
  #deadline: GrpcDeadline | null = null;
  #open = false;
  /** How the answer's body comes. */
  #answerFraming: Framing = DATA;
  /** The answer has ended, and the other protocol goes on in one direction. */
  #halfClosed = false;

  get client(): Client {
    return this.#frames.session;
  }

  get requestComplete(): boolean {
    return this.peerEnded || this.exchange.upgrade;
  }

  get congested(): boolean {
    return this.queue.bytes !== null;
  }

  begin(frames: ServerFrames, id: number, last: boolean): void {
    const { engine } = frames;
    this.#frames = frames;
    this.open(id, frames.peer.initialWindow, engine.limits.streamWindow);
    this.peerEnded = last;
    this.backend = null;
    this.framing = DATA;
    this.#expected = -1;
    this.#grpc = false;
    this.#open = true;
    this.#answerFraming = DATA;
    this.#halfClosed = false;
    this.exchange.begin(engine.io.time);
    this.exchange.keep = true;
    engine.deadlines.add(this);
  }

  /** The head of the request, as text from the beginning of `bytes`. */
  takeHead(bytes: Bytes, end: number, protocol: string): void {
    const { engine } = this.#frames;
    const { exchange } = this;
    const head = engine.requestHead;
    exchange.bytesIn = end;
    if (protocol === WEBSOCKET) end = addKey(bytes.buffer, end);
    const scanned = scanRequest(head, bytes.buffer, 0, end);
    const fault = scanned === DONE ? checkRequest(engine, this, bytes.buffer, head) : scanned;
    exchange.keep = true;
    if (fault !== DONE) {
      this.fail(faultCode(fault), faultDetail(fault));
      return;
    }
    if (head.contentLength >= 0 && protocol === '') {
      this.framing = LENGTH;
      this.#expected = head.contentLength;
      if (this.peerEnded && this.#expected > 0) {
        this.#broken();
        return;
      }
    }
    if (isGrpc(bytes.buffer, head)) {
      this.#grpc = true;
      const timeout = grpcTimeout(bytes.buffer, head);
      if (timeout > 0) {
        this.#deadline ??= new GrpcDeadline(this);
        this.#deadline.start(engine.deadlines, timeout);
      }
    }
    if (protocol === WEBSOCKET) {
      exchange.upgrade = true;
      this.framing = TUNNEL;
    } else if (protocol !== '') {
      this.fail('UPGRADE_REFUSED', 'no protocol but websocket is served by CONNECT');
      return;
    }
    engine.dispatch.begin(this, bytes, end, end);
  }

  onData(bytes: Bytes, start: number, end: number, last: boolean): void {
    const { exchange } = this;
    const size = end - start;
    exchange.bytesIn += size;
    if (exchange.tooLong && this.backend !== null) {
      this.#frames.credit(this, size);
      this.fail('BODY_TOO_LARGE');
      return;
    }
    if (this.#expected >= 0) {
      this.#expected -= size;
      if (this.#expected < 0 || (last && this.#expected > 0)) {
        this.#frames.credit(this, size);
        this.#broken();
        return;
      }
    }
    const { backend } = this;
    if (exchange.upgrade && exchange.status === 0) {
      // To the backend it would be a request that follows, should it refuse to leave HTTP.
      this.#frames.credit(this, size);
      this.#broken();
      return;
    }
    if (backend === null) {
      // Answered already: the rest of the request is of no interest.
      this.#frames.credit(this, size);
      return;
    }
    if (size > 0) backend.sendBody(bytes, start, end);
    if (last) backend.sendEnd(null, 0, 0);
    // Refused for what it holds: there is no room to give on a stream that is closed.
    if (!this.#open) this.peerEnded = true;
    if (backend.congested) this.uncredited += size;
    else this.#frames.credit(this, size);
    if (last && this.#halfClosed) this.#close();
    else this.#progressed(backend);
  }

  /** The request ends with trailers: HTTP/1.1 lines from the beginning of `bytes`. */
  onTrailers(bytes: Bytes, end: number): void {
    const { backend } = this;
    if (this.#expected > 0) {
      this.#broken();
      return;
    }
    if (backend === null) return;
    backend.sendEnd(bytes, 0, end);
    this.#progressed(backend);
  }

  flow(): void {
    if (this.uncredited === 0 || this.backend === null || this.backend.congested) return;
    const bytes = this.uncredited;
    this.uncredited = 0;
    this.#frames.credit(this, bytes);
  }

  onProgress(): void {
    const { deadlines, limits } = this.#frames.engine;
    deadlines.set(this, this.#answerFraming === TUNNEL ? limits.tunnelTimeout : limits.idleTimeout);
  }

  #progressed(backend: BackendStream): void {
    const { deadlines, limits } = this.#frames.engine;
    const waits = this.peerEnded && this.exchange.status === 0 && !backend.connecting;
    if (waits) deadlines.set(this, limits.responseTimeout);
    else this.onProgress();
  }

  interim(bytes: Bytes, head: Head): void {
    dropLine(head, head.lengthLine);
    this.#sendHead(bytes, head, false, false);
  }

  respond(bytes: Bytes, head: Head, framing: Framing, bodyEnd: number): void {
    if (!this.#open) return;
    const { exchange } = this;
    if (exchange.upgrade && framing !== TUNNEL && head.status < 300) {
      // Which the client would take for an agreement.
      this.fail('UPSTREAM_PROTOCOL', faultDetail(NOT_SWITCHED));
      return;
    }
    exchange.status = framing === TUNNEL ? 200 : head.status;
    this.#answerFraming = framing;
    const bodyStart = head.end;
    this.#sendHead(bytes, head, true, framing === TUNNEL);
    if (bodyEnd > bodyStart) this.respondBody(bytes, bodyStart, bodyEnd);
    if (framing === TUNNEL) this.onProgress();
  }

  respondBody(bytes: Bytes, start: number, end: number): void {
    if (!this.#open) return;
    if (this.#answerFraming === CHUNKS) {
      const pieces = this.backend?.pieces ?? NO_PIECES;
      for (let i = 0; i < pieces.length; i += 2) this.#sendBody(bytes, pieces[i]!, pieces[i + 1]!);
    } else this.#sendBody(bytes, start, end);
    if (this.#answerFraming === TUNNEL) this.onProgress();
  }

  respondEnd(trailers: Bytes | null, start: number, end: number): void {
    if (!this.#open) return;
    if (this.#answerFraming !== TUNNEL) this.backend = null;
    this.#frames.end(this, trailers, start, end);
  }

  answer(text: string): void {
    const { engine } = this.#frames;
    const { text: bytes } = engine.http2;
    const end = copyText(text, bytes.buffer, 0);
    const head = engine.responseHead;
    if (scanResponse(head, bytes.buffer, 0, end) !== DONE) throw new Error('an answer of our own is no HTTP');
    const bodyStart = head.end;
    this.#sendHead(bytes, head, false, false);
    if (end > bodyStart) this.#sendBody(bytes, bodyStart, end);
    this.#frames.end(this, null, 0, 0);
  }

  fail(code: FailureCode, detail = ''): void {
    if (!this.#open) return;
    const { exchange } = this;
    const { engine } = this.#frames;
    const { status } = FAILURES[code];
    exchange.failure = code;
    if (exchange.web !== null && exchange.web.refuse(code, detail)) return;
    this.#detach();
    if (status === 0 && code === 'CLIENT_GONE') this.#cutOff(CANCEL);
    else if (this.#grpc && exchange.status === 0) {
      exchange.status = 200;
      this.answer(grpcFailureHead(code, detail, engine.failureHeader));
    } else if (this.#grpc) {
      const { text } = engine.http2;
      this.#frames.end(this, text, 0, copyText(grpcFailureTrailers(code, detail), text.buffer, 0));
    } else if (exchange.status !== 0 || status === 0) this.#cutOff(INTERNAL_ERROR);
    else {
      exchange.status = status;
      const options = { close: false, headOnly: exchange.headOnly };
      this.answer(failureAnswer(code, detail, engine.failureHeader, options));
    }
  }

  onSent(): void {
    this.onProgress();
    if (this.queue.bytes === null) this.backend?.flow();
  }

  /** The answer is complete. A request that is not is of no interest any more (RFC 9113 section 8.1). */
  onEnded(): void {
    if (this.#answerFraming === TUNNEL && !this.peerEnded) this.#halfClosed = true;
    else this.#close();
  }

  #close(): void {
    const frames = this.#frames;
    frames.guard.earn(RESETS, 1);
    if (this.peerEnded) frames.close(this, ENDED);
    else frames.reset(this, NO_ERROR);
    this.#done();
  }

  onLost(): void {
    if (!this.#open) return;
    const { exchange } = this;
    if (exchange.failure === '') exchange.failure = 'CLIENT_GONE';
    this.#detach();
    this.#done();
  }

  /** Nothing moved: who was to move? */
  onDeadline(): void {
    const { backend } = this;
    if (backend === null || this.congested || this.#answerFraming === TUNNEL) this.fail('CLIENT_GONE');
    else if (backend.connecting) backend.connectTimeout();
    else this.fail(this.requestComplete || backend.congested ? 'UPSTREAM_TIMEOUT' : 'BODY_TIMEOUT');
  }

  abandon(): void {
    if (this.exchange.open) this.exchange.failure = 'INTERNAL';
    this.#frames.session.abandon();
  }

  #sendHead(bytes: Bytes, head: Head, filtered: boolean, tunnel: boolean): void {
    const { engine, writer, encoder } = this.#frames;
    const { exchange } = this;
    dropLine(head, head.keepAliveLine);
    dropLine(head, head.codingLine);
    const filters = filtered ? exchange.filters : undefined;
    const changed = filters?.responseDrop !== undefined || filters?.responseAppend !== undefined;
    let { buffer } = bytes;
    let { start, end } = head;
    if (tunnel) dropNamed(buffer, head, ACCEPT);
    if (head.drops > 0 || changed || tunnel) {
      const out = engine.out(boundResponseHead(head, filters));
      end = writeResponseHead(out.buffer, 0, buffer, head, filters, SAY_NOTHING, false);
      start = 0;
      ({ buffer } = out);
      // The stream is the other protocol's from here on: 200 instead of 101 (RFC 8441 section 5).
      if (tunnel) copyText('200', buffer, STATUS_AT);
    }
    const at = writer.reserveBlock(encoder.bound(end - start));
    const blockEnd = encoder.response(buffer, start, end, writer.buffer, at);
    exchange.bytesOut += blockEnd - at;
    writer.headers(this.id, blockEnd, false);
  }

  #sendBody(bytes: Bytes, start: number, end: number): void {
    this.exchange.bytesOut += end - start;
    this.#frames.write(this, bytes, start, end);
  }

  /** The request broke a rule after its head: its length. */
  #broken(): void {
    this.exchange.failure = 'BAD_REQUEST';
    const error = this.#frames.streamError(this.id, PROTOCOL_ERROR);
    if (error !== NO_ERROR) this.#frames.fail(error, 'too many streams with errors');
  }

  #cutOff(code: number): void {
    this.#frames.reset(this, code);
    this.#done();
  }

  #detach(): void {
    const { backend } = this;
    if (backend === null) return;
    this.backend = null;
    backend.cancel();
  }

  #done(): void {
    const { engine } = this.#frames;
    this.#open = false;
    settle(engine, this);
    this.#detach();
    engine.deadlines.remove(this);
    this.#deadline?.stop(engine.deadlines);
  }
}

/** The key that HTTP/1.1 backends ask for and HTTP/2 clients have no use for (RFC 8441 section 5). Returns the head's new end. */
function addKey(buffer: Buffer, end: number): number {
  const line = `sec-websocket-key: ${randomBytes(KEY_BYTES).toString('base64')}\r\n\r\n`;
  if (end + line.length > buffer.length) return end;
  return copyText(line, buffer, end - 2);
}
