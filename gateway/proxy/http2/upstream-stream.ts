// One request to an HTTP/2 endpoint, and its answer: the backend's half of an exchange.
import type { FailureCode } from '../../model/failure.ts';
import type { EndpointPool } from '../../upstream/endpoint-pool.ts';
import { awaitBackend } from '../await-backend.ts';
import type { BackendStream } from '../backend-stream.ts';
import type { Bytes } from '../channel.ts';
import type { ClientStream } from '../client-stream.ts';
import { CHUNKS, DATA, LENGTH } from '../framing.ts';
import { copyBytes } from '../http1/copy.ts';
import { DONE, faultDetail, INTERIM_FLOOD, LENGTH_BROKEN, SWITCHED_UNASKED } from '../http1/fault.ts';
import { dropLine } from '../http1/rewrite-response.ts';
import { scanResponse } from '../http1/scan.ts';
import type { Upstream } from '../http1/upstream.ts';
import { isIdempotent } from '../http1/view.ts';
import type { ClientFrames } from './client-frames.ts';
import { ENDED } from './closed-streams.ts';
import { CANCEL, NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM } from './error-code.ts';
import { RESETS } from './flood-guard.ts';
import { Stream } from './stream.ts';

const NO_PIECES: readonly number[] = [];
const MAX_INTERIM = 32;
/** Requests up to this size are kept until they are answered, to be sent again should the endpoint not take them up. */
const KEPT_REQUEST = 4096;

export class UpstreamStream extends Stream implements BackendStream {
  readonly pieces: readonly number[] = NO_PIECES;
  /** The head of the final answer has come. */
  answered = false;
  #frames!: ClientFrames;
  #down: ClientStream | null = null;
  #interims = 0;
  #expected = -1;
  #localEnded = false;
  #kept: Buffer | null = null;
  #headLength = 0;
  #keptLength = 0;

  get connecting(): boolean {
    return this.#frames.session.connecting;
  }

  get congested(): boolean {
    return this.queue.bytes !== null;
  }

  get session(): ClientFrames['session'] {
    return this.#frames.session;
  }

  begin(frames: ClientFrames, id: number, down: ClientStream): void {
    this.#frames = frames;
    this.open(id, frames.peer.initialWindow, frames.engine.limits.streamWindow);
    this.#down = down;
    down.backend = this;
    this.answered = false;
    this.#interims = 0;
    this.#expected = -1;
    this.#localEnded = false;
    this.#headLength = 0;
    this.#keptLength = 0;
  }

  /** Where to write the head, so that it is kept without being copied; null when it may take too much. */
  roomForHead(bound: number): Buffer | null {
    if (bound > KEPT_REQUEST) return null;
    this.#kept ??= Buffer.allocUnsafeSlow(KEPT_REQUEST);
    return this.#kept;
  }

  /** The head was written there, up to `end`. */
  keepHead(end: number): void {
    this.#headLength = end;
    this.#keptLength = end;
  }

  /** The whole request as it was sent, when it is short enough: head up to `headLength`, then the body. */
  get kept(): Buffer | null {
    return this.#headLength > 0 && this.#down?.requestComplete === true ? this.#kept : null;
  }

  get headLength(): number {
    return this.#headLength;
  }

  get keptLength(): number {
    return this.#keptLength;
  }

  sendBody(bytes: Bytes, start: number, end: number): void {
    const down = this.#down;
    if (down === null) return;
    if (down.framing !== CHUNKS) this.#send(bytes, start, end);
    else {
      const { pieces } = down;
      for (let i = 0; i < pieces.length; i += 2) this.#send(bytes, pieces[i]!, pieces[i + 1]!);
    }
  }

  sendEnd(trailers: Bytes | null, start: number, end: number): void {
    if (this.#down === null) return;
    // They are not kept: a request that has some is not sent twice.
    if (trailers !== null) this.#headLength = 0;
    this.#frames.end(this, trailers, start, end);
  }

  /** More of a request that was kept, without what the client's half says of its framing. */
  sendKept(bytes: Bytes, start: number, end: number): void {
    this.#send(bytes, start, end);
  }

  onConnected(): void {
    const down = this.#down;
    if (down === null) return;
    awaitBackend(this.#frames.engine, down, false);
  }

  flow(): void {
    if (this.uncredited === 0 || (this.#down !== null && this.#down.congested)) return;
    const bytes = this.uncredited;
    this.uncredited = 0;
    this.#frames.credit(this, bytes);
  }

  connectTimeout(): void {
    this.#frames.session.connectTimeout();
  }

  cancel(): void {
    if (this.#down === null) return;
    this.#down = null;
    this.#frames.reset(this, CANCEL);
  }

  /** A head, interim or final: HTTP/1.1 text from the beginning of `bytes`. */
  onHead(bytes: Bytes, end: number): void {
    const down = this.#down;
    if (down === null) return;
    const { engine } = this.#frames;
    const head = engine.responseHead;
    const fault = scanResponse(head, bytes.buffer, 0, end);
    if (fault !== DONE) return this.refuse(faultDetail(fault));
    const { status } = head;
    if (status < 200) {
      if (status === 101 || this.peerEnded) return this.refuse(faultDetail(SWITCHED_UNASKED));
      if (++this.#interims > MAX_INTERIM) return this.refuse(faultDetail(INTERIM_FLOOD));
      return down.interim(bytes, head);
    }
    this.answered = true;
    const { exchange } = down;
    const bodiless = exchange.headOnly || status === 204 || status === 304;
    if (status === 204) dropLine(head, head.lengthLine);
    this.#expected = bodiless ? 0 : head.contentLength;
    if (this.peerEnded && this.#expected > 0) return this.refuse(faultDetail(LENGTH_BROKEN));
    if (engine.accessLog !== undefined) exchange.answeredAt = engine.now();
    down.respond(bytes, head, this.#expected < 0 ? DATA : LENGTH, head.end);
    if (this.#down === null) return;
    if (this.peerEnded) this.#complete(null, 0);
    else engine.deadlines.set(down, engine.limits.idleTimeout);
  }

  onData(bytes: Bytes, start: number, end: number, last: boolean): void {
    const down = this.#down;
    const size = end - start;
    if (down === null) {
      this.#frames.credit(this, size);
      return;
    }
    if (!this.answered) return this.refuse('DATA comes before the head');
    if (this.#expected >= 0) {
      this.#expected -= size;
      if (this.#expected < 0 || (last && this.#expected > 0)) return this.refuse(faultDetail(LENGTH_BROKEN));
    }
    if (size > 0) down.respondBody(bytes, start, end);
    if (this.#down === null) return;
    if (down.congested) this.uncredited += size;
    else this.#frames.credit(this, size);
    if (last) this.#complete(null, 0);
    else {
      const { deadlines, limits } = this.#frames.engine;
      deadlines.set(down, limits.idleTimeout);
    }
  }

  onTrailers(bytes: Bytes, end: number): void {
    if (this.#expected > 0) this.refuse(faultDetail(LENGTH_BROKEN));
    else this.#complete(bytes, end);
  }

  onSent(): void {
    this.#down?.onProgress();
    if (this.queue.bytes === null) this.#down?.flow();
  }

  onEnded(): void {
    this.#localEnded = true;
  }

  onLost(code: number): void {
    const down = this.#down;
    if (down === null) return;
    // The endpoint has no more use for the request: that costs nobody anything.
    if (code === NO_ERROR) this.#frames.guard.earn(RESETS, 1);
    const untouched = code === REFUSED_STREAM;
    const again = untouched || (this.#frames.session.reused && isIdempotent(down.exchange.method));
    if (!this.answered && this.#interims === 0 && again && this.#resend(down)) {
      this.#down = null;
      return;
    }
    this.#down = null;
    down.backend = null;
    down.fail(this.answered ? 'UPSTREAM_TRUNCATED' : 'UPSTREAM_RESET');
  }

  /** No connection came about. */
  onConnectFailed(code: FailureCode, detail: string): void {
    const down = this.#down;
    if (down === null) return;
    const moved = this.#resend(down, this.#frames.session.pool);
    this.#down = null;
    if (moved) return;
    down.backend = null;
    down.fail(code, detail);
  }

  /** What came is not HTTP, or not what was asked for. */
  refuse(detail: string): void {
    const down = this.#down;
    this.#down = null;
    const error = this.#frames.streamError(this.id, PROTOCOL_ERROR);
    if (error !== NO_ERROR) this.#frames.fail(error, 'too many streams with errors');
    if (down === null) return;
    down.backend = null;
    down.fail('UPSTREAM_PROTOCOL', detail);
  }

  #resend(down: ClientStream, avoid?: EndpointPool<Upstream>): boolean {
    return this.#frames.engine.dispatch.resend(down, this, avoid);
  }

  /** The answer is complete. */
  #complete(trailers: Bytes | null, end: number): void {
    const down = this.#down;
    const frames = this.#frames;
    this.#down = null;
    frames.guard.earn(RESETS, 1);
    frames.session.reused = true;
    if (this.#localEnded) frames.close(this, ENDED);
    else frames.reset(this, CANCEL);
    down?.respondEnd(trailers, 0, end);
  }

  #send(bytes: Bytes, start: number, end: number): void {
    if (this.#headLength > 0) this.#keep(bytes, start, end);
    this.#frames.write(this, bytes, start, end);
  }

  #keep(bytes: Bytes, start: number, end: number): void {
    const length = this.#keptLength + end - start;
    if (length > KEPT_REQUEST) {
      this.#headLength = 0;
      return;
    }
    if (this.#kept !== null) copyBytes(bytes.buffer, start, end, this.#kept, this.#keptLength);
    this.#keptLength = length;
  }
}
