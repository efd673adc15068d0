// A client's connection whose bytes are passed on as they are: TCP, TLS that passes through, TLS that ended here. Each side ends
// for itself, what breaks on one side breaks on the other, and a slow reader stops the writer opposite, not the worker.
//
//   CONNECTING ─► RELAYING ─► CLOSED       nothing is read from the client before its backend is there to take it
import type { FailureCode } from '../../model/failure.ts';
import type { EndpointPool } from '../../upstream/endpoint-pool.ts';
import { SLOW_READ, type Bytes } from '../channel.ts';
import { Client } from '../client.ts';
import type { ServedListener } from '../compiled-config.ts';
import type { Engine } from '../engine.ts';
import type { Upstream } from '../http1/upstream.ts';
import { adaptReadSize } from './read-size.ts';
import { Relay, type RelayProtocol } from './relay.ts';
import { StreamBackend } from './stream-backend.ts';

export class StreamClient extends Client {
  readonly relay: Relay;
  backend: StreamBackend | null = null;
  #closed = false;

  /** `listener` with the `hostname` asked for in TLS; of the port's any when left out. */
  constructor(
    engine: Engine,
    key: string,
    address: string,
    port: number,
    protocol: RelayProtocol = 'TCP',
    listener?: ServedListener,
    hostname = '',
  ) {
    super(engine, key, address, port);
    const served = listener ?? this.scope()?.listeners.find(hostname);
    this.relay = new Relay(engine, protocol, served, hostname, this.scopeId);
    this.readSize = SLOW_READ;
  }

  override opened(): void {
    const { engine, relay } = this;
    engine.io.pause(this);
    if (engine.io.buffered > engine.limits.maxBufferedBytes) return this.fail('OVERLOADED');
    const failure = relay.choose();
    if (failure !== '') return this.fail(failure);
    const pool = relay.pick();
    if (typeof pool === 'string') this.fail(pool);
    else this.#connect(pool);
  }

  onData(bytes: Bytes, start: number, end: number): void {
    const { backend, engine } = this;
    if (backend === null) return;
    this.relay.countIn(end - start);
    engine.io.write(backend, bytes, start, end);
    this.moved();
    if (backend.pending === null) adaptReadSize(this, end - start);
    else this.flow();
  }

  onEnd(): void {
    const { backend, engine } = this;
    if (this.#closed || backend === null) return;
    if (backend.ended) this.#finish();
    else engine.io.end(backend);
  }

  onError(): void {
    this.fail('CLIENT_GONE');
  }

  onProgress(): void {
    this.moved();
  }

  onDrained(): void {
    this.backend?.flow();
  }

  onDeadline(): void {
    const { backend, engine } = this;
    if (backend !== null && backend.connecting) this.connectFailed('CONNECT_TIMEOUT');
    else if (this.#closed) engine.io.reset(this);
    else {
      // Silence for too long: both are told that it ends, as if the other had.
      this.#settle('CLIENT_GONE');
      backend?.close();
      engine.io.close(this);
    }
  }

  /** Reads exactly while the backend takes what comes. */
  flow(): void {
    const { backend, engine } = this;
    if (backend === null) return;
    if (backend.pending !== null) {
      this.readSize = SLOW_READ;
      engine.io.pause(this);
    } else if (this.paused && !backend.connecting) engine.io.resume(this);
  }

  /** A byte has moved, one way or the other. */
  moved(): void {
    const { deadlines, limits } = this.engine;
    deadlines.set(this, this.#closed ? limits.idleTimeout : limits.tunnelTimeout);
  }

  /** The backend is there. */
  begin(): void {
    this.moved();
    if (this.ended && this.backend !== null) this.engine.io.end(this.backend);
    this.flow();
  }

  connectFailed(code: FailureCode): void {
    const failed = this.backend;
    this.backend = null;
    failed?.close();
    const other = this.relay.pickOther();
    if (other === undefined) this.fail(code);
    else this.#connect(other);
  }

  /** The backend has ended its side. */
  backendEnded(): void {
    if (this.ended) this.#finish();
    else this.engine.io.end(this);
  }

  /** Cuts both sides off: what was passed on must not be taken for the whole. */
  fail(code: FailureCode): void {
    const { backend, engine } = this;
    this.#settle(code);
    this.backend = null;
    backend?.reset();
    engine.io.reset(this);
  }

  /** There is no moment at which a connection without requests could be asked to go: it has until the deadline. */
  retire(): void {
    this.retiring = true;
  }

  stop(): void {
    if (!this.#closed) this.fail('STOPPED');
  }

  override abandon(): void {
    this.fail('INTERNAL');
  }

  override onClosed(): void {
    this.#settle('CLIENT_GONE');
    super.onClosed();
  }

  protected sayOverloaded(): void {
    this.fail('OVERLOADED');
  }

  #connect(pool: EndpointPool<Upstream>): void {
    const { engine, relay } = this;
    if (relay.cluster === undefined) return;
    this.backend = new StreamBackend(this, pool, relay.cluster);
    this.backend.connect();
    engine.deadlines.set(this, engine.limits.connectTimeout);
  }

  /** Both sides have ended: what is still to be written is, then they close. */
  #finish(): void {
    const { backend, engine } = this;
    this.#settle('');
    this.backend = null;
    backend?.finish();
    engine.deadlines.set(this, engine.limits.idleTimeout);
    engine.io.finish(this);
  }

  #settle(failure: FailureCode | ''): void {
    if (this.#closed) return;
    this.#closed = true;
    this.relay.end(failure, this.address, this.port);
  }
}
