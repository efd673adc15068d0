// The answer of a gRPC backend on its way to a gRPC-Web client: what the backend's half takes for the client's. Trailers become
// the last frame of the body, and so do failures of ours.
//
// An answer that is nothing but a status has it in its head and no body, as the protocol allows and clients insist on.
import { FAILURES, type FailureCode } from '../../model/failure.ts';
import type { ClusterPool } from '../../upstream/cluster-pool.ts';
import type { EndpointPool } from '../../upstream/endpoint-pool.ts';
import type { BackendStream } from '../backend-stream.ts';
import type { Bytes } from '../channel.ts';
import type { Client } from '../client.ts';
import type { ClientStream } from '../client-stream.ts';
import type { Engine } from '../engine.ts';
import type { Exchange } from '../exchange.ts';
import { DATA, type Framing } from '../framing.ts';
import { copyBytes, copyText } from '../http1/copy.ts';
import { DONE, faultDetail, HEAD_TOO_LARGE } from '../http1/fault.ts';
import type { Head } from '../http1/head.ts';
import { word } from '../http1/octets.ts';
import { dropLine } from '../http1/rewrite-response.ts';
import { scanResponse } from '../http1/scan.ts';
import type { Upstream } from '../http1/upstream.ts';
import { GrpcDeadline } from '../http2/grpc-deadline.ts';
import { grpcFailureTrailers, isGrpc, parseGrpcTimeout } from '../http2/grpc.ts';
import { sendHttp2, TE } from '../http2/send.ts';
import { MessageBoundary } from './message-boundary.ts';
import { dropContentType, findField, type WebType } from './web-type.ts';
import { WebRequest } from './web-request.ts';

/** Of the memory that is worked in; a multiple of four. */
export const SCRATCH = 16_384;

const NO_PIECES: readonly number[] = [];
const GRPC_STATUS = word('grpc-status');
const TRAILERS = 0x80;
const FRAME_HEADER = 5;
/** Bytes that become SCRATCH of base64 at most. */
const GROUPS = (SCRATCH / 4) * 3;
const EMPTY_LINE = 2;
const NO_STATUS = 'within a message, or without a status of gRPC';

export class WebAnswer implements ClientStream {
  readonly down: ClientStream;
  backend: BackendStream | null = null;
  readonly framing: Framing = DATA;
  readonly pieces: readonly number[] = NO_PIECES;
  readonly takesChunks = false;
  readonly #engine: Engine;
  readonly #type: WebType;
  readonly #scratch: Bytes;
  readonly #request: WebRequest;
  readonly #boundary = new MessageBoundary();
  #deadline: GrpcDeadline | null = null;
  /** The backend's answer is none of gRPC and passes as it is. */
  #foreign = false;
  /** The status stands in the head. */
  #toldStatus = false;

  /** `scratch` holds SCRATCH bytes, for all bridges of a worker. */
  constructor(engine: Engine, down: ClientStream, type: WebType, scratch: Bytes) {
    this.#engine = engine;
    this.down = down;
    this.#type = type;
    this.#scratch = scratch;
    this.#request = new WebRequest(this, scratch, type.textRequest);
  }

  get client(): Client {
    return this.down.client;
  }

  get exchange(): Exchange {
    return this.down.exchange;
  }

  /** The deadline that the backend's half sets is that of the client's half. */
  get slot(): number {
    return this.down.slot;
  }

  set slot(slot: number) {
    this.down.slot = slot;
  }

  get requestComplete(): boolean {
    return this.#request.complete;
  }

  get congested(): boolean {
    return this.down.congested;
  }

  /** As `sendHttp2`. */
  send(
    cluster: ClusterPool<Upstream>,
    pool: EndpointPool<Upstream>,
    bytes: Bytes,
    start: number,
    end: number,
  ): void {
    const { down } = this;
    const engine = this.#engine;
    const request = this.#request;
    const { requestHead: head, view, deadlines, limits } = engine;
    const timeout = parseGrpcTimeout(view.header('grpc-timeout') ?? '');
    if (timeout > 0) {
      this.#deadline = new GrpcDeadline(down);
      this.#deadline.start(deadlines, timeout);
    }
    dropContentType(view.bytes, head, head.count);
    dropLine(head, head.lengthLine);
    down.backend = request;
    // Without its body, which is still to be decoded: `requestComplete` says that more comes.
    sendHttp2(
      engine,
      this,
      cluster,
      pool,
      bytes,
      start,
      start,
      `${TE}content-type: ${this.#type.backend}\r\n`,
    );
    if (end > start) request.sendBody(bytes, start, end);
    if (down.requestComplete) request.sendEnd();
    if (this.backend === null) return;
    if (request.complete && !request.connecting) deadlines.set(this, limits.responseTimeout);
    if (request.congested) down.flow();
  }

  interim(bytes: Bytes, head: Head): void {
    this.down.interim(bytes, head);
  }

  respond(bytes: Bytes, head: Head, framing: Framing, bodyEnd: number): void {
    const { buffer } = bytes;
    if (!isGrpc(buffer, head)) {
      this.#foreign = true;
      this.down.respond(bytes, head, framing, bodyEnd);
      return;
    }
    this.#toldStatus = findField(buffer, head, GRPC_STATUS) >= 0;
    const line = `content-type: ${this.#type.answer}\r\n\r\n`;
    const at = head.end - EMPTY_LINE;
    if (at + line.length > buffer.length) return this.fail('UPSTREAM_PROTOCOL', faultDetail(HEAD_TOO_LARGE));
    const fault = scanResponse(head, buffer, head.start, copyText(line, buffer, at));
    if (fault !== DONE) return this.fail('UPSTREAM_PROTOCOL', faultDetail(fault));
    dropContentType(buffer, head, head.count - 1);
    dropLine(head, head.lengthLine);
    this.down.respond(bytes, head, DATA, head.end);
  }

  respondBody(bytes: Bytes, start: number, end: number): void {
    if (this.#foreign) return this.down.respondBody(bytes, start, end);
    this.#boundary.read(bytes.buffer, start, end);
    if (!this.#type.textAnswer) this.down.respondBody(bytes, start, end);
    else this.#encode(bytes.buffer, start, end);
  }

  respondEnd(trailers: Bytes | null, start: number, end: number): void {
    const { down } = this;
    this.backend = null;
    if (this.#foreign) {
      this.detach();
      down.respondEnd(trailers, start, end);
    } else if (!this.#boundary.reached || (trailers === null && !this.#toldStatus))
      down.fail('UPSTREAM_TRUNCATED', NO_STATUS);
    else {
      this.detach();
      if (trailers !== null) this.#trailers(trailers.buffer, start, end - EMPTY_LINE);
      down.respondEnd(null, 0, 0);
    }
  }

  answer(text: string): void {
    this.down.answer(text);
  }

  /** The client's half notes it and asks `refuse`. */
  fail(code: FailureCode, detail?: string): void {
    this.down.fail(code, detail);
  }

  /** Answers with a failure. False when the client cannot be told in its protocol: then the exchange is cut off. */
  refuse(code: FailureCode, detail: string): boolean {
    const { down, exchange } = this;
    const begun = exchange.status !== 0;
    if (code === 'CLIENT_GONE' || (FAILURES[code].status === 0 && !begun)) return false;
    if (begun && (this.#foreign || this.#toldStatus || !this.#boundary.reached)) return false;
    this.detach();
    down.backend = null;
    const trailers = grpcFailureTrailers(code, detail);
    if (begun) {
      this.#trailers(Buffer.from(trailers, 'latin1'), 0, trailers.length - EMPTY_LINE);
      down.respondEnd(null, 0, 0);
      return true;
    }
    exchange.status = 200;
    if (!down.requestComplete || exchange.minor === 0 || down.client.retiring) exchange.keep = false;
    const close = exchange.keep ? '' : 'connection: close\r\n';
    const named = this.#engine.failureHeader ? `x-sluice-failure: ${code}\r\n` : '';
    const lines = `content-type: ${this.#type.answer}\r\ncontent-length: 0\r\n${close}${named}`;
    down.answer(`HTTP/1.1 200 OK\r\n${lines}${trailers}`);
    return true;
  }

  flow(): void {
    this.down.flow();
  }

  onProgress(): void {
    this.down.onProgress();
  }

  onDeadline(): void {
    this.down.onDeadline();
  }

  abandon(): void {
    this.down.abandon();
  }

  /** The exchange is over for the bridge; a backend that is still at it is let go. */
  detach(): void {
    const { backend } = this;
    this.exchange.web = null;
    this.backend = null;
    this.#deadline?.stop(this.#engine.deadlines);
    backend?.cancel();
  }

  /** Lines from `start` to `end`, without the empty one, as a frame. */
  #trailers(lines: Buffer, start: number, end: number): void {
    const frame = Buffer.alloc(FRAME_HEADER + end - start);
    frame[0] = TRAILERS;
    frame.writeUInt32BE(end - start, 1);
    copyBytes(lines, start, end, frame, FRAME_HEADER);
    if (this.#type.textAnswer) this.#encode(frame, 0, frame.length);
    else
      for (let at = 0; at < frame.length; at += SCRATCH) {
        const size = copyBytes(frame, at, Math.min(frame.length, at + SCRATCH), this.#scratch.buffer, 0);
        this.down.respondBody(this.#scratch, 0, size);
      }
  }

  /** Padded at its end, as the protocol allows anywhere: what has come is not held back for want of a third byte. */
  #encode(bytes: Buffer, start: number, end: number): void {
    for (; start < end; start += GROUPS) {
      const text = bytes.toString('base64', start, Math.min(end, start + GROUPS));
      this.down.respondBody(this.#scratch, 0, copyText(text, this.#scratch.buffer, 0));
    }
  }
}
