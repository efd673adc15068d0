// A client's connection. Reads one request at a time, hands its head to dispatch and its body to the upstream connection,
// and takes up the next request when the answer is complete. What arrives in between waits, unread in the kernel.
//
//   HEAD ─► BODY ─► WAIT ─► HEAD ...          refused or failed: ─► LINGER ─► CLOSED
//                     └──► TUNNEL ─► CLOSED   (the backend agreed to leave HTTP)
import { FAILURES, type FailureCode } from '../../model/failure.ts';
import type { BackendStream } from '../backend-stream.ts';
import { FULL_READ, SLOW_READ, type Bytes } from '../channel.ts';
import { Client } from '../client.ts';
import type { ClientStream } from '../client-stream.ts';
import type { Engine } from '../engine.ts';
import { Exchange } from '../exchange.ts';
import { CHUNKS, LENGTH, TUNNEL as TUNNEL_FRAMING, type Framing } from '../framing.ts';
import { CALM } from '../overload.ts';
import { settle } from '../settle.ts';
import { Body } from './body.ts';
import { ClientTunnel } from './client-tunnel.ts';
import { ServerSession } from '../http2/server-session.ts';
import { DONE, faultCode, faultDetail, MORE } from './fault.ts';
import type { Head } from './head.ts';
import { failureAnswer } from './local-answer.ts';
import { CR, LF } from './octets.ts';
import { AnswerWriter } from './answer-writer.ts';
import { HTTP2, readRequestHead } from './read-request-head.ts';
import { Stash } from './stash.ts';

const HEAD = 0;
const BODY = 1;
const WAIT = 2;
const LINGER = 3;
const CLOSED = 4;
const TUNNEL = 5;

/** How long a client may take to notice that its connection is being closed (RFC 9112 section 9.6). */
const LINGER_TIMEOUT = 2000;

export class Downstream extends Client implements ClientStream {
  readonly exchange: Exchange = new Exchange();
  backend: BackendStream | null = null;
  framing: Framing = LENGTH;
  #state = HEAD;
  readonly #body = new Body();
  readonly #stash = new Stash();
  readonly #answer: AnswerWriter;
  #tunnel: ClientTunnel | null = null;
  #consuming = false;

  constructor(engine: Engine, key: string, address: string, port: number) {
    super(engine, key, address, port);
    this.#answer = new AnswerWriter(engine, this);
  }

  get requestComplete(): boolean {
    return this.#state === WAIT;
  }

  get pieces(): readonly number[] {
    return this.#body.pieces;
  }

  get takesChunks(): boolean {
    return this.exchange.minor === 1;
  }

  onData(bytes: Bytes, start: number, end: number): void {
    if (this.#tunnel !== null) this.#tunnel.onData(bytes, start, end);
    else if (this.#stash.bytes === null) {
      const next = this.#consume(bytes, start, end);
      if (next < end) this.#keep(bytes, next, end);
    } else {
      this.#keep(bytes, start, end);
      this.#consumeStash();
    }
  }

  onEnd(): void {
    switch (this.#state) {
      case HEAD:
        if (this.pending === null) this.engine.io.close(this);
        break;
      case TUNNEL:
        this.#tunnel?.onEnd();
        break;
      case WAIT:
      case CLOSED:
        // Half-closed: the client still reads. When it has gone altogether, writing to it will tell.
        break;
      case LINGER:
        this.engine.io.finish(this);
        break;
      default:
        this.#gone();
    }
  }

  onError(): void {
    this.#gone();
  }

  onProgress(): void {
    if (this.#tunnel !== null) this.#tunnel.onProgress();
    else this.engine.deadlines.set(this, this.engine.limits.idleTimeout);
  }

  onDrained(): void {
    this.backend?.flow();
    if (this.#state === HEAD) this.#continue();
  }

  onDeadline(): void {
    switch (this.#state) {
      case HEAD:
        if (this.#stash.bytes === null) this.engine.io.close(this);
        else this.refuse('HEAD_TIMEOUT');
        break;
      case BODY:
      case WAIT:
        this.#exchangeTimeout();
        break;
      default:
        this.engine.io.close(this);
    }
  }

  override onClosed(): void {
    this.#stash.clear(this.engine.io);
    super.onClosed();
  }

  /** Reads exactly while what comes can be passed on. */
  flow(): void {
    const { backend } = this;
    const full =
      this.#state === WAIT
        ? this.#stash.bytes !== null
        : this.#state === HEAD
          ? this.pending !== null
          : backend !== null && backend.congested;
    if (full) {
      this.readSize = SLOW_READ;
      this.engine.io.pause(this);
    } else if (this.paused) this.engine.io.resume(this);
  }

  fail(code: FailureCode, detail = ''): void {
    const { exchange, engine } = this;
    exchange.failure = code;
    if (exchange.web !== null && exchange.web.refuse(code, detail)) return;
    if (exchange.status !== 0 || FAILURES[code].status === 0) return this.#cutOff();
    this.#detach();
    exchange.status = FAILURES[code].status;
    if (this.#state !== WAIT || exchange.minor === 0 || this.retiring) exchange.keep = false;
    const close = !exchange.keep;
    this.answer(failureAnswer(code, detail, engine.failureHeader, { close, headOnly: exchange.headOnly }));
  }

  interim(bytes: Bytes, head: Head): void {
    this.#answer.interim(bytes, head);
  }

  respond(bytes: Bytes, head: Head, framing: Framing, bodyEnd: number): void {
    const { exchange } = this;
    if (!this.requestComplete || this.retiring || this.engine.overload.level !== CALM) exchange.keep = false;
    exchange.status = head.status;
    this.#answer.head(bytes, head, framing, bodyEnd);
    if (framing === TUNNEL_FRAMING) this.#enterTunnel();
  }

  respondBody(bytes: Bytes, start: number, end: number): void {
    this.#answer.body(bytes, start, end);
    this.#tunnel?.onProgress();
  }

  respondEnd(trailers: Bytes | null, start: number, end: number): void {
    if (this.#tunnel !== null) this.#tunnel.onBackendEnd();
    else {
      this.#answer.end(trailers, start, end);
      this.#done();
    }
  }

  answer(text: string): void {
    this.#answer.text(text);
    this.#done();
  }

  /** The answer is complete. */
  #done(): void {
    settle(this.engine, this);
    this.backend = null;
    if (this.#state !== WAIT || (!this.exchange.keep && this.#stash.bytes !== null)) this.#linger();
    else if (!this.exchange.keep) this.#finish();
    else {
      this.#state = HEAD;
      if (this.pending !== null) this.flow();
      else if (!this.#consuming) this.#continue();
    }
  }

  retire(grace: number): void {
    this.retiring = true;
    if (this.#state === HEAD && this.#stash.bytes === null) this.engine.deadlines.set(this, grace);
  }

  /** Answers what was not asked in full, and closes. */
  refuse(code: FailureCode): void {
    this.exchange.begin(this.engine.io.time);
    this.fail(code);
  }

  stop(): void {
    if (this.exchange.open) this.fail('STOPPED');
  }

  protected sayOverloaded(): void {
    this.refuse('OVERLOADED');
  }

  /** Nothing moved: who was to move? */
  #exchangeTimeout(): void {
    const { backend } = this;
    if (this.#state === TUNNEL || backend === null || this.pending !== null) this.#gone();
    else if (backend.connecting) backend.connectTimeout();
    else this.fail(this.#state === WAIT || backend.congested ? 'UPSTREAM_TIMEOUT' : 'BODY_TIMEOUT');
  }

  override abandon(): void {
    if (this.exchange.open) this.exchange.failure = 'INTERNAL';
    this.#detach();
    settle(this.engine, this);
    this.#state = CLOSED;
    this.engine.io.reset(this);
  }

  /** Takes up the next request, or waits for it. */
  #continue(): void {
    this.engine.deadlines.set(this, this.engine.limits.idleTimeout);
    if (this.#stash.bytes !== null) this.#consumeStash();
    if (this.ended && this.#state === HEAD) this.engine.io.finish(this);
    else if (this.paused) this.flow();
  }

  #consumeStash(): void {
    const stash = this.#stash;
    if (stash.bytes === null) return;
    const next = this.#consume(stash.bytes, stash.start, stash.end);
    if (stash.bytes !== null) stash.use(this.engine.io, this.#state >= LINGER ? stash.end : next);
    if (this.#state === WAIT && stash.bytes !== null) this.flow();
  }

  /** Returns where the bytes begin that cannot be used yet. */
  #consume(bytes: Bytes, start: number, end: number): number {
    this.#consuming = true;
    while (start < end) {
      if (this.#state === HEAD) {
        if (this.pending !== null) break;
        const next = this.#readHead(bytes, start, end);
        if (next === start) break;
        start = next;
      } else if (this.#state === BODY) start = this.#readBody(bytes, start, end);
      else {
        if (this.#state !== WAIT) start = end;
        break;
      }
    }
    this.#consuming = false;
    return start;
  }

  #readHead(bytes: Bytes, start: number, end: number): number {
    const { engine } = this;
    const head = engine.requestHead;
    // Empty lines before a request are skipped (RFC 9112 section 2.2).
    while (start + 1 < end && bytes.buffer[start] === CR && bytes.buffer[start + 1] === LF) start += 2;
    if (start === end) return end;
    const result = readRequestHead(this, this.#stash, bytes.buffer, start, end);
    if (result === MORE) return start;
    if (result === DONE) return this.#begin(bytes, head, end);
    if (result === HTTP2) {
      this.#state = CLOSED;
      return this.passOn(new ServerSession(engine, this.key, this.address, this.port), bytes, start, end);
    }
    this.fail(faultCode(result), faultDetail(result));
    return end;
  }

  /** The head is good: how much of the body is here, and off it goes. Returns the end of what was used. */
  #begin(bytes: Bytes, head: Head, end: number): number {
    const body = this.#body;
    this.framing = head.chunked ? CHUNKS : LENGTH;
    if (head.chunked) body.beginChunks(true);
    else body.beginLength(Math.max(0, head.contentLength));
    const bodyEnd = this.#takeBody(bytes, head.end, end);
    if (bodyEnd < 0) return end;
    this.#state = body.complete ? WAIT : BODY;
    this.readSize = FULL_READ;
    this.engine.dispatch.begin(this, bytes, head.end, bodyEnd);
    return bodyEnd;
  }

  #readBody(bytes: Bytes, start: number, end: number): number {
    const { engine, backend } = this;
    const next = this.#takeBody(bytes, start, end);
    if (next < 0) return end;
    if (this.#body.complete) this.#state = WAIT;
    if (backend === null) return next;
    backend.sendBody(bytes, start, next);
    if (this.#body.complete) backend.sendEnd(null, 0, 0);
    if (this.backend !== backend) return next;
    const waits = this.#state === WAIT && this.exchange.status === 0 && !backend.connecting;
    engine.deadlines.set(this, waits ? engine.limits.responseTimeout : engine.limits.idleTimeout);
    if (backend.congested) this.flow();
    return next;
  }

  /** The end of the body's part of these bytes; negative when they were not fit to be a body, and that was answered. */
  #takeBody(bytes: Bytes, start: number, end: number): number {
    const { exchange } = this;
    const next = this.#body.read(bytes.buffer, start, end);
    if (next >= 0) exchange.bytesIn += next - start;
    if (next >= 0 && !exchange.tooLong) return next;
    if (next < 0) this.fail(faultCode(next), faultDetail(next));
    else this.fail('BODY_TOO_LARGE');
    return -1;
  }

  #enterTunnel(): void {
    const stash = this.#stash;
    const tunnel = new ClientTunnel(this);
    this.#tunnel = tunnel;
    this.#state = TUNNEL;
    tunnel.onProgress();
    // What the client sent without waiting for the answer is the other protocol's already.
    if (stash.bytes !== null) tunnel.onData(stash.bytes, stash.start, stash.end);
    stash.clear(this.engine.io);
    if (this.ended) tunnel.onEnd();
    this.flow();
  }

  /** Both sides have ended. */
  finishTunnel(): void {
    this.#detach();
    settle(this.engine, this);
    this.#finish();
  }

  #keep(bytes: Bytes, start: number, end: number): void {
    if (this.#state >= LINGER) return;
    this.#stash.add(this.engine.io, bytes, start, end);
    if (this.#state === WAIT || this.pending !== null) this.flow();
  }

  /** The client is gone, or cannot be told anything any more. */
  #gone(): void {
    if (this.exchange.open) this.exchange.failure = 'CLIENT_GONE';
    this.#detach();
    settle(this.engine, this);
    this.#state = CLOSED;
    this.engine.io.close(this);
  }

  /** The answer cannot be completed. Whatever its framing, the client must not take it for complete. */
  #cutOff(): void {
    this.#detach();
    settle(this.engine, this);
    if (this.exchange.minor === 0) {
      this.#state = CLOSED;
      this.engine.io.reset(this);
    } else this.#finish();
  }

  #detach(): void {
    const { backend } = this;
    if (backend === null) return;
    this.backend = null;
    backend.cancel();
  }

  #finish(): void {
    this.#state = CLOSED;
    this.#stash.clear(this.engine.io);
    this.engine.deadlines.set(this, this.engine.limits.idleTimeout);
    this.engine.io.finish(this);
  }

  /** Closing with unread bytes would reset the connection and take the answer with it: send FIN and read on for a while. */
  #linger(): void {
    this.#state = LINGER;
    this.#stash.clear(this.engine.io);
    if (this.ended) {
      this.#finish();
      return;
    }
    this.engine.io.end(this);
    this.engine.deadlines.set(this, LINGER_TIMEOUT);
    if (this.paused) this.engine.io.resume(this);
  }
}
