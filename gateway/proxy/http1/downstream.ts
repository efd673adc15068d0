// A client's connection. Reads one request at a time, hands its head to dispatch and its body to the upstream connection,
// and takes up the next request when the answer is complete. What arrives in between waits, unread in the kernel.
//
//   HEAD ─► BODY ─► WAIT ─► HEAD ...          refused or failed: ─► LINGER ─► CLOSED
import { FAILURES, type FailureCode } from '../../model/failure.ts';
import { Channel, FULL_READ, SLOW_READ, type Bytes } from '../channel.ts';
import type { Scope } from '../compiled-config.ts';
import type { Engine } from '../engine.ts';
import { settle } from '../settle.ts';
import { Body } from './body.ts';
import { checkRequest } from './check-request.ts';
import { copyText } from './copy.ts';
import { Exchange } from './exchange.ts';
import { DONE, faultCode, faultDetail, HEAD_TOO_LARGE, MORE } from './fault.ts';
import { forwardedFor, type Forwarded } from './forwarded.ts';
import type { Head } from './head.ts';
import { failureAnswer } from './local-answer.ts';
import { CR, LF } from './octets.ts';
import type { RequestMemo } from './request-memo.ts';
import { scanRequest } from './scan.ts';
import { Stash } from './stash.ts';
import type { Upstream } from './upstream.ts';

const HEAD = 0;
const BODY = 1;
const WAIT = 2;
const LINGER = 3;
const CLOSED = 4;

/** How long a client may take to notice that its connection is being closed (RFC 9112 section 9.6). */
const LINGER_TIMEOUT = 2000;

export class Downstream extends Channel {
  readonly engine: Engine;
  /** Where the connection came in: key of the configuration's scopes. */
  readonly key: string;
  readonly address: string;
  readonly port: number;
  readonly forwarded: Forwarded;
  /** Counts what belongs to no listener of its own. */
  readonly scopeId: number;
  /** Clients are workloads of the mesh. */
  readonly inMesh: boolean;
  readonly exchange: Exchange = new Exchange();
  /** A client that cannot be written to needs nothing more. */
  override readonly endsWhenBroken = true;
  upstream: Upstream | null = null;
  memo: RequestMemo | null = null;
  /** Has had a request. */
  served = false;
  /** Serves no request after the next answer. */
  retiring = false;
  #state = HEAD;
  readonly #body = new Body();
  readonly #stash = new Stash();
  #consuming = false;
  #turnedAway = false;

  constructor(engine: Engine, key: string, address: string, port: number) {
    super();
    this.engine = engine;
    this.key = key;
    this.address = address;
    this.port = port;
    this.forwarded = forwardedFor(address);
    const scope = this.scope();
    this.scopeId = scope?.id ?? 0;
    this.inMesh = scope?.inMesh ?? false;
    engine.clients.add(this);
  }

  /** What the configuration in force serves here; undefined when it is gone. */
  scope(): Scope | undefined {
    return this.engine.config.scopes.get(this.key);
  }

  /** The whole request has arrived. */
  get requestComplete(): boolean {
    return this.#state === WAIT;
  }

  onData(bytes: Bytes, start: number, end: number): void {
    if (this.#stash.bytes === null) {
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

  onConnected(): void {}

  onProgress(): void {
    this.engine.deadlines.set(this, this.engine.limits.idleTimeout);
  }

  onDrained(): void {
    this.upstream?.flow();
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

  onClosed(): void {
    this.#stash.clear(this.engine.io);
    if (this.#turnedAway) this.engine.turnedAway--;
    else this.engine.clients.delete(this);
    this.engine.recorder.clientClosed(this.scopeId);
  }

  /** Reads exactly while what comes can be passed on. */
  flow(): void {
    const { upstream } = this;
    const full =
      this.#state === WAIT
        ? this.#stash.bytes !== null
        : this.#state === HEAD
          ? this.pending !== null
          : upstream !== null && upstream.pending !== null;
    if (full) {
      this.readSize = SLOW_READ;
      this.engine.io.pause(this);
    } else if (this.paused) this.engine.io.resume(this);
  }

  /** Answers with a failure of the table, or cuts the answer off when it has begun. The upstream connection is closed. */
  fail(code: FailureCode, detail = ''): void {
    const { exchange, engine } = this;
    exchange.failure = code;
    if (exchange.status !== 0 || FAILURES[code].status === 0) {
      this.#cutOff();
      return;
    }
    this.#detach();
    exchange.status = FAILURES[code].status;
    if (this.#state !== WAIT || exchange.minor === 0 || this.retiring) exchange.keep = false;
    const close = !exchange.keep;
    this.answer(failureAnswer(code, detail, engine.failureHeader, { close, headOnly: exchange.headOnly }));
  }

  /** Sends an answer of our own and ends the exchange. `text` is ASCII. */
  answer(text: string): void {
    const out = this.engine.out(text.length);
    const length = copyText(text, out.buffer, 0);
    this.exchange.bytesOut += length;
    this.engine.io.write(this, out, 0, length);
    this.done();
  }

  /** The answer is complete. */
  done(): void {
    settle(this.engine, this);
    this.upstream = null;
    if (this.#state !== WAIT || (!this.exchange.keep && this.#stash.bytes !== null)) this.#linger();
    else if (!this.exchange.keep) this.#finish();
    else {
      this.#state = HEAD;
      if (this.pending !== null) this.flow();
      else if (!this.#consuming) this.#continue();
    }
  }

  /** Ends the connection after the next answer, or after `grace` milliseconds without a request. */
  retire(grace: number): void {
    this.retiring = true;
    if (this.#state === HEAD && this.#stash.bytes === null) this.engine.deadlines.set(this, grace);
  }

  /** Answers what was not asked in full, and closes. */
  refuse(code: FailureCode): void {
    this.exchange.begin(this.engine.io.time);
    this.fail(code);
  }

  /** One client too many: it is told so, and takes no place while it is being closed. */
  turnAway(): void {
    this.#turnedAway = true;
    this.engine.turnedAway++;
    this.engine.clients.delete(this);
    this.refuse('OVERLOADED');
  }

  /** Nothing moved: who was to move? */
  #exchangeTimeout(): void {
    const { upstream } = this;
    if (upstream === null || this.pending !== null) this.#gone();
    else if (upstream.connecting) this.engine.dispatch.connectFailed(this, upstream, 'CONNECT_TIMEOUT', '');
    else this.fail(this.#state === WAIT || upstream.pending !== null ? 'UPSTREAM_TIMEOUT' : 'BODY_TIMEOUT');
  }

  /** A defect was met: nothing about the connection can be relied on. */
  abandon(): void {
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
    const { buffer } = bytes;
    if (!this.#stash.worthScanning(buffer, start, end)) return start;
    // Empty lines before a request are skipped (RFC 9112 section 2.2).
    while (start + 1 < end && buffer[start] === CR && buffer[start + 1] === LF) start += 2;
    if (start === end) return end;
    const head = engine.requestHead;
    const result = scanRequest(head, buffer, start, end);
    const size = (result === DONE ? head.end : end) - start;
    if (result === MORE && size < engine.limits.maxHeadBytes) {
      if (this.#stash.scanned === 0) engine.deadlines.set(this, engine.limits.headTimeout);
      this.#stash.scanned = size;
      return start;
    }
    this.#stash.scanned = 0;
    const { exchange } = this;
    exchange.begin(engine.io.time);
    exchange.bytesIn = size;
    const fault =
      result === MORE || size > engine.limits.maxHeadBytes
        ? HEAD_TOO_LARGE
        : result === DONE
          ? checkRequest(engine, this, buffer, head)
          : result;
    if (fault !== DONE) {
      this.fail(faultCode(fault), faultDetail(fault));
      return end;
    }
    return this.#begin(bytes, head, end);
  }

  /** The head is good: how much of the body is here, and off it goes. Returns the end of what was used. */
  #begin(bytes: Bytes, head: Head, end: number): number {
    const body = this.#body;
    if (head.chunked) body.beginChunks(false);
    else body.beginLength(Math.max(0, head.contentLength));
    const bodyEnd = body.read(bytes.buffer, head.end, end);
    if (bodyEnd < 0) {
      this.fail(faultCode(bodyEnd), faultDetail(bodyEnd));
      return end;
    }
    this.#state = body.complete ? WAIT : BODY;
    this.readSize = FULL_READ;
    this.exchange.bytesIn += bodyEnd - head.end;
    this.engine.dispatch.begin(this, bytes, head.end, bodyEnd);
    return bodyEnd;
  }

  #readBody(bytes: Bytes, start: number, end: number): number {
    const { engine, upstream } = this;
    const next = this.#body.read(bytes.buffer, start, end);
    if (next < 0) {
      this.fail(faultCode(next), faultDetail(next));
      return end;
    }
    if (this.#body.complete) this.#state = WAIT;
    this.exchange.bytesIn += next - start;
    if (upstream === null) return next;
    engine.io.write(upstream, bytes, start, next);
    const waits = this.#state === WAIT && this.exchange.status === 0 && !upstream.connecting;
    engine.deadlines.set(this, waits ? engine.limits.responseTimeout : engine.limits.idleTimeout);
    if (upstream.pending !== null) this.flow();
    return next;
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
    const { upstream } = this;
    if (upstream === null) return;
    this.upstream = null;
    upstream.down = null;
    upstream.close();
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
