// What both ends of HTTP/2 have in common: settings, flow control both ways, what waits to be sent, how streams and the
// connection end, and the guard against floods. Errors of the connection are only noted here and carried out when the turn
// ends, so that nobody further up meets streams that are gone.
import type { Bytes, Channel } from '../channel.ts';
import type { Engine } from '../engine.ts';
import { ClosedStreams, ENDED, RESET_BY_US } from './closed-streams.ts';
import {
  CANCEL,
  ENHANCE_YOUR_CALM,
  errorName,
  FLOW_CONTROL_ERROR,
  NO_ERROR,
  PROTOCOL_ERROR,
  STREAM_CLOSED,
} from './error-code.ts';
import { CONTROL, CONTROL_EARNED, CRUMBS, EMPTY, FloodGuard, RESETS } from './flood-guard.ts';
import { DEFAULT_WINDOW, ReceiveWindow, SendWindow } from './flow-window.ts';
import { FRAME_SIZE } from './frame.ts';
import { FrameReader, type FrameHandler } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { HeadDecoder } from './hpack/head-decoder.ts';
import { HeadEncoder } from './hpack/head-encoder.ts';
import { HEADER_TABLE_SIZE, INITIAL_WINDOW_SIZE, PeerSettings } from './settings.ts';
import type { Stream } from './stream.ts';

/** Table of the compression, either way: the default that every peer starts with. */
const TABLE_SIZE = 4096;
/** DATA that is smaller than this because of a window is a crumb. */
const CRUMB = 256;
/** Bytes of one stream before the next one gets its turn. */
const QUANTUM = 4 * FRAME_SIZE;
/** Of a block as it is compressed, per byte of a head: more is an attack, less is answered with 431. */
const BLOCK_FACTOR = 2;

export abstract class FrameSession<S extends Stream> implements FrameHandler {
  readonly engine: Engine;
  readonly channel: Channel;
  readonly writer: FrameWriter;
  readonly peer: PeerSettings;
  readonly guard: FloodGuard;
  readonly decoder: HeadDecoder;
  readonly encoder: HeadEncoder = new HeadEncoder(TABLE_SIZE);
  readonly streams: Map<number, S> = new Map();
  readonly closed: ClosedStreams = new ClosedStreams();
  /** The last stream that was opened, by whoever opens them here. */
  lastStream = 0;
  /** Nothing more is read: the connection ends when the turn does. */
  failed = false;
  readonly #send = new SendWindow();
  readonly #receive: ReceiveWindow;
  readonly #reader: FrameReader;
  /** Streams with something to send that wait for the connection, in turn. */
  #waiting: S[] = [];
  #finished: S[] = [];
  /** The stream that was looked up last: frames of one stream come in rows. */
  #recent: S | null = null;

  constructor(engine: Engine, channel: Channel, isServer: boolean) {
    const { limits } = engine;
    this.engine = engine;
    this.channel = channel;
    this.writer = new FrameWriter(engine.io, channel, engine.http2.outBuffers);
    this.peer = new PeerSettings(!isServer);
    this.guard = new FloodGuard(limits, engine.io.time);
    this.decoder = new HeadDecoder({
      maxTableSize: TABLE_SIZE,
      maxHeadBytes: limits.maxHeadBytes,
      maxHeaders: limits.maxHeaders,
    });
    this.#receive = new ReceiveWindow(limits.connectionWindow);
    this.#reader = new FrameReader(this, isServer, {
      maxBlock: limits.maxHeadBytes * BLOCK_FACTOR,
      maxContinuations: limits.maxContinuations,
    });
  }

  /** The open stream of that number. */
  find(id: number): S | undefined {
    const recent = this.#recent;
    if (recent !== null && recent.id === id) return recent;
    const stream = this.streams.get(id);
    if (stream !== undefined) this.#recent = stream;
    return stream;
  }

  /** A header block has begun and is not complete. */
  get midBlock(): boolean {
    return this.#reader.midBlock;
  }

  /** Says what we are like. `settings`: names and values in turn. */
  greet(settings: readonly number[]): void {
    const { streamWindow, connectionWindow } = this.engine.limits;
    this.writer.settings([...settings, HEADER_TABLE_SIZE, TABLE_SIZE, INITIAL_WINDOW_SIZE, streamWindow]);
    if (connectionWindow > DEFAULT_WINDOW) this.writer.windowUpdate(0, connectionWindow - DEFAULT_WINDOW);
  }

  read(bytes: Bytes, start: number, end: number): void {
    if (this.failed) return;
    const error = this.#reader.read(bytes, start, end);
    if (error !== NO_ERROR) this.fail(error, this.#reader.detail);
  }

  /** Ends the connection: GOAWAY at once, the rest by `onFailed` when the turn ends. */
  fail(error: number, detail: string): void {
    if (this.failed) return;
    this.failed = true;
    this.writer.goaway(this.lastPeerStream, error, detail === '' ? errorName(error) : detail);
  }

  /** End of the loop's turn: all frames leave. Streams that ended in it may be used again. */
  endTurn(): void {
    this.writer.flush();
    if (this.failed) this.onFailed();
    if (this.#finished.length === 0) return;
    for (const stream of this.#finished) this.recycle(stream);
    this.#finished = [];
  }

  /** Whether the connection takes no data now. */
  get stalled(): boolean {
    return this.channel.pending !== null || this.channel.connecting;
  }

  /** Sends data, or keeps what cannot be sent now. */
  write(stream: S, bytes: Bytes, start: number, end: number): void {
    const { queue } = stream;
    if (queue.bytes === null) start = this.#transmit(stream, bytes.buffer, start, end);
    if (start === end) return;
    queue.add(this.engine.io, bytes, start, end);
    this.#wait(stream);
  }

  /** Nothing follows but `trailers` from `start` to `end`, HTTP/1.1 lines with the empty one. */
  end(stream: S, trailers: Bytes | null, start: number, end: number): void {
    if (stream.queue.bytes === null) {
      this.#finish(stream, trailers === null ? null : trailers.buffer, start, end);
      return;
    }
    stream.ending = true;
    if (trailers !== null) stream.trailers = Buffer.from(trailers.buffer.subarray(start, end));
  }

  /** A window or the connection has opened: goes on with what waits. */
  #pump(stream: S): void {
    const { queue } = stream;
    if (queue.bytes !== null) {
      const most = Math.min(queue.end, queue.start + QUANTUM);
      const next = this.#transmit(stream, queue.bytes.buffer, queue.start, most);
      const sent = next > queue.start;
      queue.use(this.engine.io, next);
      if (sent) stream.onSent();
    }
    if (queue.bytes !== null) this.#wait(stream);
    else if (stream.ending) {
      const { trailers } = stream;
      stream.ending = false;
      stream.trailers = null;
      this.#finish(stream, trailers, 0, trailers === null ? 0 : trailers.length);
    }
  }

  #pumpWaiting(): void {
    // Each round sends something or takes a stream off the list, so this ends.
    while (this.#waiting.length > 0 && !this.stalled && this.#send.left > 0 && !this.failed) {
      const stream = this.#waiting.shift()!;
      if (!stream.waiting || this.streams.get(stream.id) !== stream) continue;
      stream.waiting = false;
      this.#pump(stream);
    }
  }

  /** Streams whose own window is used up are taken up again by their WINDOW_UPDATE. */
  #wait(stream: S): void {
    if (stream.waiting || stream.send.left <= 0) return;
    stream.waiting = true;
    this.#waiting.push(stream);
  }

  /** Returns the end of what was sent. */
  #transmit(stream: S, buffer: Buffer, start: number, end: number): number {
    while (start < end && !this.stalled && !this.failed) {
      const room = Math.min(stream.send.left, this.#send.left);
      if (room <= 0) break;
      let size = Math.min(end - start, FRAME_SIZE);
      if (size > room) {
        size = room;
        if (size < CRUMB && !this.guard.spend(CRUMBS, this.engine.io.time)) {
          this.fail(ENHANCE_YOUR_CALM, 'the windows are too small');
          break;
        }
      }
      stream.send.left -= size;
      this.#send.left -= size;
      this.guard.earn(CONTROL, CONTROL_EARNED);
      this.writer.data(stream.id, buffer, start, start + size, false);
      start += size;
    }
    return start;
  }

  #finish(stream: S, trailers: Buffer | null, start: number, end: number): void {
    const { writer, encoder } = this;
    if (trailers !== null) {
      const at = writer.reserveBlock(encoder.bound(end - start));
      writer.headers(stream.id, encoder.trailers(trailers, start, end, writer.buffer, at), true);
    } else if (!writer.endLast(stream.id)) writer.data(stream.id, writer.buffer, 0, 0, true);
    stream.onEnded();
  }

  /** Bytes of a stream were passed on: the peer may send as many again. */
  credit(stream: S, bytes: number): void {
    const increment = stream.peerEnded ? 0 : stream.receive.free(bytes);
    if (increment > 0) this.writer.windowUpdate(stream.id, increment);
    this.#creditConnection(bytes);
  }

  #creditConnection(bytes: number): void {
    const increment = this.#receive.free(bytes);
    if (increment > 0) this.writer.windowUpdate(0, increment);
  }

  onDataFrame(id: number, bytes: Bytes, start: number, end: number, counted: number, last: boolean): number {
    if (!this.#receive.take(counted)) return FLOW_CONTROL_ERROR;
    const stream = this.find(id);
    if (stream === undefined || stream.peerEnded) {
      this.#creditConnection(counted);
      return this.#onClosed(id, stream !== undefined);
    }
    if (start < end) this.guard.earn(CONTROL, CONTROL_EARNED);
    else if (!last && !this.guard.spend(EMPTY, this.engine.io.time)) return ENHANCE_YOUR_CALM;
    if (!stream.receive.take(counted)) {
      this.#creditConnection(counted);
      return this.streamError(id, FLOW_CONTROL_ERROR);
    }
    // Padding is nobody's to pass on.
    const padding = counted - (end - start);
    if (padding > 0) this.credit(stream, padding);
    if (last) stream.peerEnded = true;
    stream.onData(bytes, start, end, last);
    return NO_ERROR;
  }

  /** A frame that no longer belongs anywhere: an error of its stream, or of the connection, or merely late. */
  #onClosed(id: number, halfClosed: boolean): number {
    if (this.isIdle(id)) return PROTOCOL_ERROR;
    if (halfClosed) return this.streamError(id, STREAM_CLOSED);
    const how = this.closed.find(id);
    if (how === RESET_BY_US) return this.#control();
    if (how === ENDED) return STREAM_CLOSED;
    return this.streamError(id, STREAM_CLOSED);
  }

  onPriorityFrame(id: number, fault: number): number {
    return fault === NO_ERROR ? this.#control() : this.streamError(id, fault);
  }

  onResetFrame(id: number, code: number): number {
    if (this.isIdle(id)) return PROTOCOL_ERROR;
    const stream = this.streams.get(id);
    if (stream === undefined) return this.#control();
    this.close(stream, ENDED);
    stream.onLost(code);
    return this.guard.spend(RESETS, this.engine.io.time) ? NO_ERROR : ENHANCE_YOUR_CALM;
  }

  onSettingsFrame(payload: Buffer, start: number, end: number): number {
    const { peer } = this;
    const before = peer.initialWindow;
    const table = peer.headerTableSize;
    const error = peer.apply(payload, start, end);
    if (error !== NO_ERROR) return error;
    if (peer.headerTableSize !== table)
      this.encoder.setMaxTableSize(Math.min(TABLE_SIZE, peer.headerTableSize));
    const change = peer.initialWindow - before;
    if (change !== 0) {
      for (const stream of this.streams.values()) if (!stream.send.grow(change)) return FLOW_CONTROL_ERROR;
      if (change > 0)
        for (const stream of this.streams.values()) if (stream.queue.bytes !== null) this.#pump(stream);
    }
    this.onPeerSettings();
    const spent = this.#reply();
    if (spent === NO_ERROR) this.writer.settingsAck();
    return spent;
  }

  onSettingsAck(): number {
    this.decoder.acknowledge();
    return this.#control();
  }

  onPingFrame(payload: Buffer, start: number): number {
    const spent = this.#reply();
    if (spent === NO_ERROR) this.writer.pingAck(payload, start);
    return spent;
  }

  onPingAck(): number {
    return this.#control();
  }

  onWindowUpdateFrame(id: number, increment: number): number {
    if (id === 0) {
      if (!this.#send.grow(increment)) return FLOW_CONTROL_ERROR;
      this.#pumpWaiting();
      return this.#control();
    }
    const stream = this.streams.get(id);
    if (stream === undefined) return this.isIdle(id) ? PROTOCOL_ERROR : this.#control();
    if (increment === 0) return this.streamError(id, PROTOCOL_ERROR);
    if (!stream.send.grow(increment)) return this.streamError(id, FLOW_CONTROL_ERROR);
    if (stream.queue.bytes !== null && !stream.waiting) this.#pump(stream);
    return this.#control();
  }

  onUnknownFrame(): number {
    return this.#control();
  }

  /** The connection stands, or everything pending was written. */
  onDrained(): void {
    this.guard.repliesRead();
    this.#pumpWaiting();
  }

  /** Some of what was pending was written: the peer is slow, not gone. */
  onProgress(): void {
    for (const stream of this.#waiting) if (stream.waiting) stream.onSent();
  }

  /** The peer has broken a rule that concerns one stream. The error of the connection when it does so too often. */
  streamError(id: number, code: number): number {
    const stream = this.streams.get(id);
    this.writer.reset(id, code);
    if (stream === undefined) this.closed.note(id, RESET_BY_US);
    else {
      this.close(stream, RESET_BY_US);
      stream.onLost(code);
    }
    return this.guard.spend(RESETS, this.engine.io.time) ? NO_ERROR : ENHANCE_YOUR_CALM;
  }

  /** We want no more of a stream. */
  reset(stream: S, code: number): void {
    this.writer.reset(stream.id, code);
    this.close(stream, RESET_BY_US);
  }

  close(stream: S, how: typeof ENDED | typeof RESET_BY_US): void {
    this.streams.delete(stream.id);
    if (this.#recent === stream) this.#recent = null;
    this.closed.note(stream.id, how);
    if (stream.uncredited > 0) this.#creditConnection(stream.uncredited);
    stream.queue.clear(this.engine.io);
    stream.waiting = false;
    if (this.#finished.length === 0) this.engine.io.later(this.channel);
    this.#finished.push(stream);
    this.onStreamClosed();
  }

  /** The connection is gone: so are its streams. */
  loseAll(): void {
    this.failed = true;
    for (const stream of this.streams.values()) {
      this.close(stream, ENDED);
      stream.onLost(CANCEL);
    }
  }

  #control(): number {
    return this.guard.spend(CONTROL, this.engine.io.time) ? NO_ERROR : ENHANCE_YOUR_CALM;
  }

  #reply(): number {
    if (this.channel.pending !== null && !this.guard.queueReply()) return ENHANCE_YOUR_CALM;
    return this.#control();
  }

  /** The peer cannot have opened the stream yet, nor have we. */
  abstract isIdle(id: number): boolean;
  /** For GOAWAY: the last stream of the peer's that was taken up. */
  abstract readonly lastPeerStream: number;
  abstract onHeadersFrame(
    id: number,
    block: Buffer,
    start: number,
    end: number,
    last: boolean,
    fault: number,
  ): number;
  abstract onGoawayFrame(last: number, code: number): number;
  abstract onPeerSettings(): void;
  abstract onStreamClosed(): void;
  /** `fail` was called, and its GOAWAY is written. */
  abstract onFailed(): void;
  /** The stream may be used again. */
  abstract recycle(stream: S): void;
}
