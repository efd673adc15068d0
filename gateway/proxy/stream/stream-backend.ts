// The connection to an endpoint that belongs to one StreamClient: it lives and ends with it.
import type { ClusterPool } from '../../upstream/cluster-pool.ts';
import type { EndpointPool } from '../../upstream/endpoint-pool.ts';
import { Channel, SLOW_READ, type Bytes } from '../channel.ts';
import type { Engine } from '../engine.ts';
import type { Upstream } from '../http1/upstream.ts';
import { announceClient } from '../proxy-protocol/announce-client.ts';
import { adaptReadSize } from './read-size.ts';
import type { StreamClient } from './stream-client.ts';

export class StreamBackend extends Channel {
  readonly #engine: Engine;
  readonly #pool: EndpointPool<Upstream>;
  readonly #cluster: ClusterPool<Upstream>;
  /** Null once it goes its own way: what is left is written, nothing is read. */
  #client: StreamClient | null;
  #counted = false;

  constructor(client: StreamClient, pool: EndpointPool<Upstream>, cluster: ClusterPool<Upstream>) {
    super();
    this.#engine = client.engine;
    this.#client = client;
    this.#pool = pool;
    this.#cluster = cluster;
    this.readSize = SLOW_READ;
    pool.open++;
  }

  connect(): void {
    const { io } = this.#engine;
    const { name, secure, proxyProtocol } = this.#cluster;
    if (secure) this.secure = this.#engine.secureTo(name);
    io.connect(this, this.#pool.address, this.#pool.port);
    // It waits for the connection, before everything else.
    if (proxyProtocol !== undefined && this.#client !== null)
      announceClient(io, this.#client, this, proxyProtocol);
  }

  onConnected(): void {
    this.#counted = true;
    this.#engine.recorder.upstreamOpened(this.#cluster.id);
    this.#client?.begin();
  }

  onData(bytes: Bytes, start: number, end: number): void {
    const client = this.#client;
    if (client === null) return;
    client.relay.countOut(end - start);
    this.#engine.io.write(client, bytes, start, end);
    client.moved();
    if (client.pending === null) adaptReadSize(this, end - start);
    else this.flow();
  }

  onEnd(): void {
    // After a failed write the end of what was read is no end: it broke.
    if (this.broken) this.onError();
    else this.#client?.backendEnded();
  }

  onError(): void {
    const client = this.#client;
    if (client === null) this.close();
    else if (this.connecting)
      client.connectFailed(
        this.secure === null || this.secure.failure === '' ? 'CONNECT_FAILED' : 'UPSTREAM_TLS',
      );
    else client.fail('UPSTREAM_RESET');
  }

  onProgress(): void {
    if (this.#client === null) this.#engine.deadlines.set(this, this.#engine.limits.idleTimeout);
    else this.#client.moved();
  }

  onDrained(): void {
    this.#client?.flow();
  }

  /** Only set once it is on its own. */
  onDeadline(): void {
    this.reset();
  }

  onClosed(): void {
    this.#pool.open--;
    if (this.#counted) this.#engine.recorder.upstreamClosed(this.#cluster.id);
  }

  abandon(): void {
    if (this.#client === null) this.reset();
    else this.#client.abandon();
  }

  /** Reads exactly while the client takes what comes. */
  flow(): void {
    const client = this.#client;
    if (client !== null && client.pending !== null) {
      this.readSize = SLOW_READ;
      this.#engine.io.pause(this);
    } else if (this.paused) this.#engine.io.resume(this);
  }

  close(): void {
    this.#client = null;
    this.#engine.io.close(this);
  }

  reset(): void {
    this.#client = null;
    this.#engine.io.reset(this);
  }

  /** Writes what is left, and closes. */
  finish(): void {
    this.#client = null;
    this.#engine.deadlines.set(this, this.#engine.limits.idleTimeout);
    this.#engine.io.finish(this);
  }
}
