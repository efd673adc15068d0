// A connection to an endpoint. Reads the answer to one request at a time, sends it on to the client, and goes back to its
// pool. An answer that needs no change is written from where it was read: head and body in one call, nothing copied.
//
//   IDLE ─► HEAD ─► BODY ─► IDLE or closed
//             └──► TUNNEL ─► closed   (101: the connection has left HTTP)
import { errnoName } from '#native/errno';
import type { ClusterPool } from '../../upstream/cluster-pool.ts';
import type { EndpointPool, Pooled } from '../../upstream/endpoint-pool.ts';
import { Channel, FULL_READ, SLOW_READ, type Bytes } from '../channel.ts';
import { awaitBackend } from '../await-backend.ts';
import type { BackendStream } from '../backend-stream.ts';
import type { Client } from '../client.ts';
import type { ClientStream } from '../client-stream.ts';
import type { Engine } from '../engine.ts';
import { CHUNKS, DATA, LENGTH, TUNNEL as TUNNEL_FRAMING, type Framing } from '../framing.ts';
import { Body } from './body.ts';
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
import { CLOSE, KEEP_ALIVE, UPGRADE, type Head } from './head.ts';
import { copyText } from './copy.ts';
import { dropLine } from './rewrite-response.ts';
import { scanResponse } from './scan.ts';
import { Stash } from './stash.ts';
import { CHUNK_FRAME, LAST_CHUNK, writeChunk } from './write-chunk.ts';

const IDLE = 0;
const HEAD = 1;
const BODY = 2;
const CLOSED = 3;
const TUNNEL = 4;

const MAX_INTERIM = 32;
/** Requests up to this size are kept until they are answered, to be sent again should the connection prove dead. */
export const KEPT_REQUEST = 4096;

export class Upstream extends Channel implements Pooled, BackendStream {
  poolIndex = -1;
  owner: Client | null = null;
  readonly engine: Engine;
  readonly pool: EndpointPool<Upstream>;
  readonly cluster: ClusterPool<Upstream>;
  /** Whose request this is; null while idle. */
  down: ClientStream | null = null;
  /** Has served a request before: it may have been closed at the other end without our knowing. */
  reused = false;
  /** Memory to assemble a request in that is not too large. */
  readonly request: Bytes;
  /** The request as it was sent: `request`, or a copy of a larger one. */
  kept: Bytes;
  /** 0: not all of the request is in `kept`. */
  requestLength = 0;
  /** The request's body is put into chunks here. */
  chunking = false;
  #state = IDLE;
  #framing: Framing = LENGTH;
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

  get congested(): boolean {
    return this.pending !== null;
  }

  get pieces(): readonly number[] {
    return this.#body.pieces;
  }

  /** A request is about to be written; `chunking`: its body goes into chunks. */
  begin(down: ClientStream, chunking: boolean): void {
    this.down = down;
    down.backend = this;
    this.chunking = chunking;
    this.#state = HEAD;
    this.#interims = 0;
    this.readSize = FULL_READ;
    this.kept = this.request;
    this.requestLength = 0;
    this.engine.deadlines.clear(this);
  }

  sendBody(bytes: Bytes, start: number, end: number): void {
    const { io } = this.engine;
    if (this.chunking && this.#state !== TUNNEL) {
      if (start === end) return;
      const out = this.engine.out(end - start + CHUNK_FRAME);
      io.write(this, out, 0, writeChunk(bytes.buffer, start, end, out.buffer, 0));
    } else io.write(this, bytes, start, end);
  }

  /** Trailers are dropped, as RFC 9110 section 6.5.1 allows: few HTTP/1.1 backends read them. */
  sendEnd(): void {
    if (this.#state === TUNNEL) this.engine.io.end(this);
    else if (this.chunking) {
      const out = this.engine.out(LAST_CHUNK.length);
      this.engine.io.write(this, out, 0, copyText(LAST_CHUNK, out.buffer, 0));
    }
  }

  cancel(): void {
    this.down = null;
    if (this.#state === TUNNEL && !this.broken) {
      // The client's last bytes are still to reach the backend.
      this.#state = CLOSED;
      this.engine.io.finish(this);
    } else this.close();
  }

  connectTimeout(): void {
    if (this.down !== null) this.engine.dispatch.connectFailed(this.down, this, 'CONNECT_TIMEOUT', '');
  }

  close(): void {
    this.#state = CLOSED;
    this.pool.drop(this);
    this.engine.io.close(this);
  }

  abandon(): void {
    const { down } = this;
    if (down !== null) down.abandon();
    else this.close();
  }

  /** Reads exactly while the client takes what comes. */
  flow(): void {
    const { down, engine } = this;
    if (down !== null && down.congested) {
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
        case TUNNEL:
          this.down.respondBody(bytes, start, end);
          if (this.down?.congested) this.flow();
          return;
        default:
          return;
      }
    }
  }

  onEnd(): void {
    const { down } = this;
    if (down !== null && this.#state === TUNNEL) down.respondEnd(null, 0, 0);
    else if (down !== null && this.#state === BODY && this.#body.endsWithConnection)
      this.#complete(down, false);
    else this.onError();
  }

  onError(errno = 0): void {
    const { down, engine } = this;
    const tls = this.secure?.failure ?? '';
    if (down === null) this.close();
    else if (this.connecting)
      if (tls === '') engine.dispatch.connectFailed(down, this, 'CONNECT_FAILED', errnoName(errno));
      else engine.dispatch.connectFailed(down, this, 'UPSTREAM_TLS', tls);
    else if (this.#state === HEAD) {
      // A server of TLS 1.3 refuses a client certificate when the client has long shaken hands.
      if (!this.silent || !engine.dispatch.again(down, this))
        down.fail(tls === '' ? 'UPSTREAM_RESET' : 'UPSTREAM_TLS', tls);
    } else down.fail('UPSTREAM_TRUNCATED');
  }

  onConnected(): void {
    const { down, engine } = this;
    this.count();
    if (down === null) return;
    awaitBackend(engine, down, false);
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

  #passInterim(bytes: Bytes, head: Head, down: ClientStream, end: number): number {
    if (head.status === 101) return this.#switch(bytes, head, down, end);
    if (++this.#interims > MAX_INTERIM) return this.#refuse(down, INTERIM_FLOOD, end);
    down.interim(bytes, head);
    return head.end;
  }

  /** 101: only as an answer to the question, and only for what was asked (RFC 9110 section 15.2.2). */
  #switch(bytes: Bytes, head: Head, down: ClientStream, end: number): number {
    const agreed = down.exchange.upgrade && head.websocket && (head.options & UPGRADE) !== 0;
    if (!agreed || !down.requestComplete) return this.#refuse(down, SWITCHED_UNASKED, end);
    this.#state = TUNNEL;
    this.#framing = TUNNEL_FRAMING;
    dropLine(head, head.lengthLine);
    dropLine(head, head.codingLine);
    down.respond(bytes, head, TUNNEL_FRAMING, end);
    if (down.congested) this.flow();
    return end;
  }

  /** The final answer: finds its framing, sends its head with what is here of its body. Returns the end of what was used. */
  #answer(bytes: Bytes, head: Head, down: ClientStream, end: number): number {
    const { exchange } = down;
    const { engine } = this;
    const { status } = head;
    const body = this.#body;
    this.#keep = (head.options & CLOSE) === 0 && (head.minor === 1 || (head.options & KEEP_ALIVE) !== 0);
    this.#framing = LENGTH;
    if (exchange.upgrade) {
      // What the client sent after its question is not HTTP, nor may a backend take it for that.
      this.#keep = false;
      exchange.keep = false;
    }
    if (exchange.headOnly || status === 204 || status === 304) {
      if (status === 204) dropLine(head, head.lengthLine);
      if (status === 204 || !down.takesChunks) dropLine(head, head.codingLine);
      body.beginLength(0);
    } else if (head.chunked) {
      this.#framing = CHUNKS;
      body.beginChunks(!down.takesChunks);
    } else if (head.contentLength >= 0) body.beginLength(head.contentLength);
    else {
      this.#framing = DATA;
      this.#keep = false;
      body.beginUntilClose();
    }
    const bodyEnd = body.read(bytes.buffer, head.end, end);
    if (bodyEnd < 0) return this.#refuse(down, bodyEnd, end);
    this.#state = BODY;
    if (engine.accessLog !== undefined) exchange.answeredAt = engine.now();
    down.respond(bytes, head, this.#framing, bodyEnd);
    return this.#goOn(down, bodyEnd, end);
  }

  #readBody(bytes: Bytes, start: number, end: number): number {
    const { down } = this;
    if (down === null) return end;
    const next = this.#body.read(bytes.buffer, start, end);
    if (next < 0) return this.#refuse(down, next, end);
    down.respondBody(bytes, start, next);
    return this.#goOn(down, next, end);
  }

  /** Ends the answer, or waits for more of it. Returns the end of what was used. */
  #goOn(down: ClientStream, next: number, end: number): number {
    if (this.#body.complete) {
      this.#complete(down, next < end);
      return end;
    }
    const { deadlines, limits } = this.engine;
    deadlines.set(down, limits.idleTimeout);
    if (down.congested) this.flow();
    return next;
  }

  /** The answer is complete. Bytes beyond its end, or a request that is not yet sent, spoil the connection. */
  #complete(down: ClientStream, surplus: boolean): void {
    this.down = null;
    const { engine } = this;
    const trailers = down.takesChunks ? '' : this.#body.trailers;
    if (!this.#keep || surplus || this.peerEnded || !down.requestComplete || this.pending !== null)
      this.close();
    else {
      this.#state = IDLE;
      this.reused = true;
      if (this.paused) engine.io.resume(this);
      if (this.pool.give(this)) engine.deadlines.set(this, engine.limits.idleTimeout);
      else this.close();
    }
    if (trailers === '') down.respondEnd(null, 0, 0);
    else {
      const { text } = engine.http2;
      down.respondEnd(text, 0, copyText(trailers, text.buffer, 0));
    }
  }

  /** What came is not HTTP, or not what was asked for. */
  #refuse(down: ClientStream, fault: number, end: number): number {
    down.fail('UPSTREAM_PROTOCOL', faultDetail(fault));
    return end;
  }
}
