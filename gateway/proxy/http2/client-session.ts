// A connection to an HTTP/2 endpoint: it carries many requests at once, and stands in the endpoint's pool while it has room for
// another one.
import { errnoName } from '#native/errno';
import type { FailureCode } from '../../model/failure.ts';
import type { ClusterPool } from '../../upstream/cluster-pool.ts';
import type { EndpointPool, Shared } from '../../upstream/endpoint-pool.ts';
import { Channel, type Bytes } from '../channel.ts';
import type { Client } from '../client.ts';
import type { Engine } from '../engine.ts';
import type { Upstream } from '../http1/upstream.ts';
import { ClientFrames } from './client-frames.ts';
import { NO_ERROR } from './error-code.ts';

/** How long an endpoint may take to read our GOAWAY. */
const LINGER_TIMEOUT = 2000;

export class ClientSession extends Channel implements Shared {
  readonly engine: Engine;
  readonly pool: EndpointPool<Upstream>;
  readonly cluster: ClusterPool<Upstream>;
  readonly scheme: 'http' | 'https';
  readonly frames: ClientFrames;
  /** Has answered a request: the endpoint may have closed since, without our knowing. */
  reused = false;
  /** Whose requests alone it carries: the endpoint was told who that is. */
  owner: Client | null = null;
  #counted = false;

  constructor(engine: Engine, pool: EndpointPool<Upstream>, cluster: ClusterPool<Upstream>) {
    super();
    this.engine = engine;
    this.pool = pool;
    this.cluster = cluster;
    this.scheme = cluster.secure ? 'https' : 'http';
    this.frames = new ClientFrames(this);
    pool.open++;
    pool.shared.push(this);
  }

  get hasRoom(): boolean {
    return this.frames.hasRoom;
  }

  /** The endpoint left its Cluster. */
  retire(): void {
    this.frames.leave();
  }

  leavePool(): void {
    const { shared } = this.pool;
    const at = shared.indexOf(this);
    if (at >= 0) shared.splice(at, 1);
  }

  onData(bytes: Bytes, start: number, end: number): void {
    this.frames.read(bytes, start, end);
  }

  onEnd(): void {
    this.close();
  }

  onError(errno: number): void {
    const tls = this.secure?.failure ?? '';
    if (!this.connecting) this.close();
    else if (tls === '') this.#connectFailed('CONNECT_FAILED', errnoName(errno));
    else this.#connectFailed('UPSTREAM_TLS', tls);
  }

  onConnected(): void {
    this.#counted = true;
    this.engine.recorder.upstreamOpened(this.cluster.id);
    for (const stream of this.frames.streams.values()) stream.onConnected();
    this.frames.onDrained();
  }

  connectTimeout(): void {
    this.#connectFailed('CONNECT_TIMEOUT', '');
  }

  onProgress(): void {
    this.frames.onProgress();
  }

  onDrained(): void {
    this.frames.onDrained();
  }

  /** Idle for too long, or its last words are not taken. */
  onDeadline(): void {
    if (this.frames.failed) this.close();
    else if (this.frames.streams.size === 0) this.frames.fail(NO_ERROR, '');
  }

  override onTurnEnd(): void {
    this.frames.endTurn();
  }

  onClosed(): void {
    this.leavePool();
    this.pool.open--;
    if (this.#counted) this.engine.recorder.upstreamClosed(this.cluster.id);
  }

  /** The last answer is complete. */
  onIdle(): void {
    const { io, deadlines, limits } = this.engine;
    if (this.frames.leaving) {
      this.frames.fail(NO_ERROR, '');
      io.later(this);
    } else deadlines.set(this, limits.idleTimeout);
  }

  onFailed(): void {
    this.leavePool();
    this.frames.loseAll();
    this.engine.deadlines.set(this, LINGER_TIMEOUT);
    this.engine.io.finish(this);
  }

  close(): void {
    this.leavePool();
    this.frames.loseAll();
    this.engine.io.close(this);
  }

  abandon(): void {
    this.close();
  }

  #connectFailed(code: FailureCode, detail: string): void {
    const { engine, frames } = this;
    this.pool.passOver(engine.now());
    engine.recorder.upstreamConnectFailed(this.cluster.id);
    this.leavePool();
    for (const stream of frames.streams.values()) stream.onConnectFailed(code, detail);
    engine.io.close(this);
  }
}
