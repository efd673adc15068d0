// A connection to an endpoint. Reads the answer to one request at a time, sends it on to the client, and goes back to its
// pool. An answer that needs no change is written from where it was read: head and body in one call, nothing copied.
//
//   IDLE ─► HEAD ─► BODY ─► IDLE or closed
import { errnoName } from '#native/errno';
import type { ClusterPool } from '../../upstream/cluster-pool.ts';
import type { EndpointPool, Pooled } from '../../upstream/endpoint-pool.ts';
import { Channel, FULL_READ, SLOW_READ, type Bytes } from '../channel.ts';
import type { Engine } from '../engine.ts';
import { AS_IT_IS, endChunks, INTO_CHUNKS, OUT_OF_CHUNKS, sendBody } from './answer-body.ts';
import { Body } from './body.ts';
import type { Downstream } from './downstream.ts';
import {
  CODING_IN_1_0,
  DONE,
  faultDetail,
  HEAD_TOO_LARGE,
  INTERIM_FLOOD,
  LENGTH_AND_CODING,
  MORE,
  SWITCHED_UNASKED,
} from './fault.ts';
import { CLOSE, KEEP_ALIVE, type Head } from './head.ts';
import {
  boundResponseHead,
  dropLine,
  SAY_CLOSE,
  SAY_KEEP_ALIVE,
  SAY_NOTHING,
  writeResponseHead,
} from './rewrite-response.ts';
import { scanResponse } from './scan.ts';
import { Stash } from './stash.ts';

const IDLE = 0;
const HEAD = 1;
const BODY = 2;
const CLOSED = 3;

const MAX_INTERIM = 32;
const ONE = 49;
/** Requests up to this size are kept until they are answered, to be sent again should the connection prove dead. */
export const KEPT_REQUEST = 4096;

export class Upstream extends Channel implements Pooled {
  poolIndex = -1;
  readonly engine: Engine;
  readonly pool: EndpointPool<Upstream>;
  readonly cluster: ClusterPool<Upstream>;
  /** Whose request this is; null while idle. */
  down: Downstream | null = null;
  /** Has served a request before: it may have been closed at the other end without our knowing. */
  reused = false;
  /** Memory to assemble a request in that is not too large. */
  readonly request: Bytes;
  /** The request as it was sent: `request`, or a copy of a larger one. */
  kept: Bytes;
  /** 0: not all of the request is in `kept`. */
  requestLength = 0;
  #state = IDLE;
  #mode = AS_IT_IS;
  #keep = false;
  #interims = 0;
  #counted = false;
  readonly #body = new Body();
  readonly #stash = new Stash();

  constructor(engine: Engine, pool: EndpointPool<Upstream>, cluster: ClusterPool<Upstream>) {
    super();
    this.engine = engine;
    this.pool = pool;
    this.cluster = cluster;
    this.request = engine.io.allocate(KEPT_REQUEST);
    this.kept = this.request;
    pool.open++;
  }

  /** Not a byte of an answer has come. */
  get silent(): boolean {
    return this.#state === HEAD && this.#interims === 0 && this.#stash.bytes === null;
  }

  /** A request is about to be written. */
  begin(down: Downstream): void {
    this.down = down;
    down.upstream = this;
    this.#state = HEAD;
    this.#interims = 0;
    this.readSize = FULL_READ;
    this.kept = this.request;
    this.requestLength = 0;
    this.engine.deadlines.clear(this);
  }

  close(): void {
    this.#state = CLOSED;
    this.pool.drop(this);
    this.engine.io.close(this);
  }

  /** A defect was met. */
  abandon(): void {
    const { down } = this;
    if (down !== null) down.abandon();
    else this.close();
  }

  /** Reads exactly while the client takes what comes. */
  flow(): void {
    const { down, engine } = this;
    if (down !== null && down.pending !== null) {
      this.readSize = SLOW_READ;
      engine.io.pause(this);
    } else if (this.paused) engine.io.resume(this);
  }

  onData(bytes: Bytes, start: number, end: number): void {
    if (this.down === null) {
      // Nobody asked: whatever it is, it must not be taken for the next answer.
      this.close();
      return;
    }
    if (this.#stash.bytes !== null) {
      this.#stash.add(this.engine.io, bytes, start, end);
      bytes = this.#stash.bytes;
      start = this.#stash.start;
      end = this.#stash.end;
      if (!this.#stash.worthScanning(bytes.buffer, start, end)) return;
      const { scanned } = this.#stash;
      this.#stash.clear(this.engine.io);
      this.#stash.scanned = scanned;
    }
    while (start < end) {
      switch (this.#state) {
        case HEAD:
          start = this.#readHead(bytes, start, end);
          break;
        case BODY:
          start = this.#readBody(bytes, start, end);
          break;
        default:
          return;
      }
    }
  }

  onEnd(): void {
    const { down } = this;
    if (down !== null && this.#state === BODY && this.#body.endsWithConnection) {
      if (this.#mode === INTO_CHUNKS) endChunks(this.engine, down);
      this.#complete(down, false);
    } else this.onError();
  }

  onError(errno = 0): void {
    const { down, engine } = this;
    if (down === null) this.close();
    else if (this.connecting) engine.dispatch.connectFailed(down, this, 'CONNECT_FAILED', errnoName(errno));
    else if (this.#state === HEAD) {
      if (!this.silent || !engine.dispatch.again(down, this)) down.fail('UPSTREAM_RESET');
    } else down.fail('UPSTREAM_TRUNCATED');
  }

  onConnected(): void {
    const { down, engine } = this;
    this.count();
    if (down === null) return;
    const { responseTimeout, idleTimeout } = engine.limits;
    engine.deadlines.set(down, down.requestComplete ? responseTimeout : idleTimeout);
  }

  onProgress(): void {
    this.down?.onProgress();
  }

  onDrained(): void {
    this.down?.flow();
  }

  /** Has been idle for too long. */
  onDeadline(): void {
    if (this.down === null) this.close();
  }

  onClosed(): void {
    this.#stash.clear(this.engine.io);
    this.pool.open--;
    if (this.#counted) this.engine.recorder.upstreamClosed(this.cluster.id);
  }

  /** The connection stands. */
  count(): void {
    this.#counted = true;
    this.engine.recorder.upstreamOpened(this.cluster.id);
  }

  /** Returns the end of what was used. */
  #readHead(bytes: Bytes, start: number, end: number): number {
    const { engine, down } = this;
    if (down === null) return end;
    const head = engine.responseHead;
    const result = scanResponse(head, bytes.buffer, start, end);
    const size = (result === DONE ? head.end : end) - start;
    if (result === MORE && size < engine.limits.maxHeadBytes) {
      this.#stash.add(engine.io, bytes, start, end);
      this.#stash.scanned = size;
      return end;
    }
    this.#stash.scanned = 0;
    if (result !== DONE || size > engine.limits.maxHeadBytes)
      return this.#refuse(down, result < 0 ? result : HEAD_TOO_LARGE, end);
    if (head.chunked && head.contentLength >= 0) return this.#refuse(down, LENGTH_AND_CODING, end);
    if (head.chunked && head.minor === 0) return this.#refuse(down, CODING_IN_1_0, end);
    if (head.status < 200) return this.#passInterim(bytes, head, down, end);
    return this.#answer(bytes, head, down, end);
  }

  #passInterim(bytes: Bytes, head: Head, down: Downstream, end: number): number {
    if (head.status === 101) return this.#refuse(down, SWITCHED_UNASKED, end);
    if (++this.#interims > MAX_INTERIM) return this.#refuse(down, INTERIM_FLOOD, end);
    if (down.exchange.minor === 0) return head.end;
    dropLine(head, head.lengthLine);
    dropLine(head, head.codingLine);
    dropLine(head, head.keepAliveLine);
    const out = this.engine.out(boundResponseHead(head, undefined));
    const length = writeResponseHead(out.buffer, 0, bytes.buffer, head, undefined, SAY_NOTHING, false);
    down.exchange.bytesOut += length;
    this.engine.io.write(down, out, 0, length);
    return head.end;
  }

  /** The final answer: finds its framing, sends its head with what is here of its body. Returns the end of what was used. */
  #answer(bytes: Bytes, head: Head, down: Downstream, end: number): number {
    const { exchange } = down;
    const { engine } = this;
    const { status } = head;
    const body = this.#body;
    this.#keep = (head.options & CLOSE) === 0 && (head.minor === 1 || (head.options & KEEP_ALIVE) !== 0);
    this.#mode = AS_IT_IS;
    if (exchange.headOnly || status === 204 || status === 304) {
      if (status === 204) dropLine(head, head.lengthLine);
      if (status === 204 || exchange.minor === 0) dropLine(head, head.codingLine);
      body.beginLength(0);
    } else if (head.chunked) {
      if (exchange.minor === 0) {
        this.#mode = OUT_OF_CHUNKS;
        exchange.keep = false;
        dropLine(head, head.codingLine);
      }
      body.beginChunks(exchange.minor === 0);
    } else if (head.contentLength >= 0) body.beginLength(head.contentLength);
    else {
      // A client that knows chunks gets chunks: its connection stays, and it can tell an answer that broke off.
      if (exchange.minor === 1) this.#mode = INTO_CHUNKS;
      else exchange.keep = false;
      this.#keep = false;
      body.beginUntilClose();
    }
    const bodyEnd = body.read(bytes.buffer, head.end, end);
    if (bodyEnd < 0) return this.#refuse(down, bodyEnd, end);
    this.#state = BODY;
    if (!down.requestComplete || down.retiring) exchange.keep = false;
    exchange.status = status;
    if (engine.accessLog !== undefined) exchange.answeredAt = engine.now();
    this.#sendHead(bytes, head, down, bodyEnd);
    return this.#goOn(down, bodyEnd, end);
  }

  #sendHead(bytes: Bytes, head: Head, down: Downstream, bodyEnd: number): void {
    const { exchange } = down;
    const { io } = this.engine;
    const { filters } = exchange;
    const { buffer } = bytes;
    if (head.minor === 0) buffer[head.start + 7] = ONE;
    const connection = !exchange.keep ? SAY_CLOSE : exchange.minor === 0 ? SAY_KEEP_ALIVE : SAY_NOTHING;
    if (connection !== SAY_NOTHING) dropLine(head, head.keepAliveLine);
    const filtered =
      filters !== undefined && (filters.responseDrop !== undefined || filters.responseAppend !== undefined);
    if (head.drops === 0 && connection === SAY_NOTHING && this.#mode === AS_IT_IS && !filtered) {
      exchange.bytesOut += bodyEnd - head.start;
      io.write(down, bytes, head.start, bodyEnd);
      return;
    }
    const out = this.engine.out(boundResponseHead(head, filters));
    const length = writeResponseHead(
      out.buffer,
      0,
      buffer,
      head,
      filters,
      connection,
      this.#mode === INTO_CHUNKS,
    );
    exchange.bytesOut += length;
    const bodyStart = head.end;
    if (bodyEnd > bodyStart && this.#mode === AS_IT_IS && length <= bodyStart) {
      // In front of the body, over the old head: still one write.
      out.buffer.copy(buffer, bodyStart - length, 0, length);
      exchange.bytesOut += bodyEnd - bodyStart;
      io.write(down, bytes, bodyStart - length, bodyEnd);
      return;
    }
    io.write(down, out, 0, length);
    if (bodyEnd > bodyStart)
      sendBody(this.engine, down, this.#mode, this.#body.pieces, bytes, bodyStart, bodyEnd);
  }

  #readBody(bytes: Bytes, start: number, end: number): number {
    const { down, engine } = this;
    if (down === null) return end;
    const next = this.#body.read(bytes.buffer, start, end);
    if (next < 0) return this.#refuse(down, next, end);
    sendBody(engine, down, this.#mode, this.#body.pieces, bytes, start, next);
    return this.#goOn(down, next, end);
  }

  /** Ends the answer, or waits for more of it. Returns the end of what was used. */
  #goOn(down: Downstream, next: number, end: number): number {
    if (this.#body.complete) {
      this.#complete(down, next < end);
      return end;
    }
    const { deadlines, limits } = this.engine;
    deadlines.set(down, limits.idleTimeout);
    if (down.pending !== null) this.flow();
    return next;
  }

  /** The answer is complete. Bytes beyond its end, or a request that is not yet sent, spoil the connection. */
  #complete(down: Downstream, surplus: boolean): void {
    this.down = null;
    const { engine } = this;
    if (!this.#keep || surplus || this.peerEnded || !down.requestComplete || this.pending !== null)
      this.close();
    else {
      this.#state = IDLE;
      this.reused = true;
      if (this.paused) engine.io.resume(this);
      if (this.pool.give(this)) engine.deadlines.set(this, engine.limits.idleTimeout);
      else this.close();
    }
    down.done();
  }

  /** What came is not HTTP, or not what was asked for. */
  #refuse(down: Downstream, fault: number, end: number): number {
    down.fail('UPSTREAM_PROTOCOL', faultDetail(fault));
    return end;
  }
}
