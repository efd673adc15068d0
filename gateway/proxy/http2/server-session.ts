// A client's connection by HTTP/2: by ALPN, or because it began with the preface on a plain port.
//
//   retire: GOAWAY(2^31-1) ─ grace ─► GOAWAY(last stream) ─ its streams end ─► closed        failed: GOAWAY(error) ─► LINGER
import { Client } from '../client.ts';
import type { Bytes } from '../channel.ts';
import type { Engine } from '../engine.ts';
import { ENHANCE_YOUR_CALM } from './error-code.ts';
import { ServerFrames } from './server-frames.ts';

const SERVING = 0;
/** The first GOAWAY was sent. */
const RETIRING = 1;
/** The second: the connection ends with its last stream. */
const ENDING = 2;
/** FIN was sent; what still comes is not read, so that the client gets our last frames and no RST. */
const LINGER = 3;
const CLOSED = 4;

const LINGER_TIMEOUT = 2000;
/** What may still come meanwhile. */
const LINGER_BYTES = 1_048_576;

export class ServerSession extends Client {
  override readonly http2 = true;
  #state = SERVING;
  readonly #frames: ServerFrames;
  /** The deadline is that of a header block under way. */
  #timesBlock = false;
  #lingered = 0;

  constructor(engine: Engine, key: string, address: string, port: number) {
    super(engine, key, address, port);
    this.#frames = new ServerFrames(this);
  }

  /** The connection is ours: says hello. */
  override opened(): void {
    this.#frames.begin();
    if (this.retiring) this.retire(0);
    else this.#restTimer();
  }

  onData(bytes: Bytes, start: number, end: number): void {
    if (this.#state >= LINGER) {
      this.#lingered += end - start;
      if (this.#lingered > LINGER_BYTES) this.engine.io.reset(this);
      return;
    }
    const frames = this.#frames;
    frames.read(bytes, start, end);
    if (frames.midBlock === this.#timesBlock) {
      if (frames.streams.size === 0 && !this.#timesBlock) this.#restTimer();
    } else {
      this.#timesBlock = frames.midBlock;
      if (this.#timesBlock) this.engine.deadlines.set(this, this.engine.limits.headTimeout);
      else this.#restTimer();
    }
  }

  /** The client sends no more. What it has asked in full is still answered. */
  onEnd(): void {
    if (this.#state >= LINGER) {
      this.engine.io.finish(this);
      return;
    }
    for (const stream of this.#frames.streams.values()) if (!stream.peerEnded) stream.fail('CLIENT_GONE');
    this.#endWithStreams();
  }

  onError(): void {
    this.#gone();
  }

  onProgress(): void {
    this.#frames.onProgress();
    if (this.#frames.streams.size === 0) this.#restTimer();
  }

  onDrained(): void {
    this.#frames.onDrained();
  }

  onDeadline(): void {
    switch (this.#state) {
      case RETIRING:
        this.#frames.refuseMore();
        this.#endWithStreams();
        break;
      case SERVING:
      case ENDING:
        if (this.#timesBlock || this.pending !== null) this.#gone();
        else if (this.#frames.streams.size === 0) {
          this.#frames.refuseMore();
          this.#endWithStreams();
        }
        break;
      default:
        this.engine.io.close(this);
    }
  }

  override onTurnEnd(): void {
    this.#frames.endTurn();
    if (this.#state === ENDING && this.#frames.streams.size === 0) this.#linger();
  }

  override onClosed(): void {
    this.#state = CLOSED;
    this.#frames.loseAll();
    super.onClosed();
  }

  /** The last stream has ended. */
  onIdle(): void {
    if (this.#state === ENDING) this.engine.io.later(this);
    else if (this.#state === SERVING && !this.#timesBlock) this.#restTimer();
  }

  /** GOAWAY with an error is written. */
  onFailed(): void {
    if (this.#state >= LINGER) return;
    this.#frames.loseAll();
    this.#linger();
  }

  retire(grace: number): void {
    this.retiring = true;
    if (this.#state !== SERVING) return;
    this.#state = RETIRING;
    this.#frames.announceEnd();
    this.engine.deadlines.set(this, grace);
  }

  stop(): void {
    for (const stream of this.#frames.streams.values()) stream.fail('STOPPED');
    this.#frames.endTurn();
  }

  override abandon(): void {
    if (this.#state === CLOSED) return;
    for (const stream of this.#frames.streams.values()) stream.exchange.failure = 'INTERNAL';
    super.abandon();
  }

  protected sayOverloaded(): void {
    this.#frames.fail(ENHANCE_YOUR_CALM, 'too many clients');
  }

  /** No streams: the client has `idleTimeout` for the next one. */
  #restTimer(): void {
    if (this.#state !== SERVING) return;
    const { deadlines, limits } = this.engine;
    if (this.#frames.streams.size === 0) deadlines.set(this, limits.idleTimeout);
    else deadlines.clear(this);
  }

  #endWithStreams(): void {
    this.#state = ENDING;
    this.engine.deadlines.clear(this);
    this.engine.io.later(this);
  }

  #linger(): void {
    this.#state = LINGER;
    const { io, deadlines } = this.engine;
    if (this.ended) {
      io.finish(this);
      return;
    }
    io.end(this);
    deadlines.set(this, LINGER_TIMEOUT);
    if (this.paused) io.resume(this);
  }

  #gone(): void {
    this.engine.io.close(this);
  }
}
