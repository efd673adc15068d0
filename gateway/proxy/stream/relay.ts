// One connection or session that no request is looked at in: where it goes and what will be counted. TCP, TLS that passes
// through, and UDP have one each; backends are chosen as for requests, by the exact weights that all workers count in.
import { formatAddress } from '#native/address';
import type { FailureCode } from '../../model/failure.ts';
import { FAILURE_INDEX } from '../../observe/recorder-layout.ts';
import type { CompiledStream } from '../../route/compiled-stream.ts';
import type { ClusterPool } from '../../upstream/cluster-pool.ts';
import type { EndpointPool } from '../../upstream/endpoint-pool.ts';
import type { ServedListener } from '../compiled-config.ts';
import type { Engine } from '../engine.ts';
import type { Upstream } from '../http1/upstream.ts';

export type RelayProtocol = 'TCP' | 'TLS' | 'UDP';

export class Relay {
  readonly engine: Engine;
  readonly protocol: RelayProtocol;
  readonly listener: ServedListener | undefined;
  /** What the client asked for in TLS; '' otherwise. */
  readonly hostname: string;
  readonly startedAt: number;
  /** What it is counted under. */
  readonly listenerId: number;
  stream: CompiledStream | undefined = undefined;
  cluster: ClusterPool<Upstream> | undefined = undefined;
  pool: EndpointPool<Upstream> | undefined = undefined;
  /** Endpoints tried. */
  attempts = 0;
  failure: FailureCode | '' = '';
  bytesIn = 0;
  bytesOut = 0;
  #open = true;

  /** `scopeId` counts what belongs to no listener. */
  constructor(
    engine: Engine,
    protocol: RelayProtocol,
    listener: ServedListener | undefined,
    hostname: string,
    scopeId: number,
  ) {
    this.engine = engine;
    this.protocol = protocol;
    this.listener = listener;
    this.hostname = hostname;
    this.startedAt = engine.io.time;
    this.listenerId = listener?.id ?? scopeId;
  }

  /** Takes a turn of the route's weights. Returns why there is no backend to go to, or ''. */
  choose(): FailureCode | '' {
    this.stream = this.listener?.streams.find(this.hostname);
    if (this.stream === undefined) return 'NO_ROUTE';
    const backend = this.stream.pickBackend();
    if (backend === undefined) return 'NO_BACKEND';
    if (backend.failure !== undefined) return backend.failure;
    this.cluster = backend.cluster === undefined ? undefined : this.engine.clusters.get(backend.cluster);
    return this.cluster === undefined ? 'NO_ENDPOINT' : '';
  }

  /** An endpoint of the chosen Cluster that takes one more connection, or why there is none. */
  pick(): EndpointPool<Upstream> | FailureCode {
    const pool = this.pickAny();
    return typeof pool !== 'string' && pool.full ? 'POOL_FULL' : pool;
  }

  /** The same where there are no connections. */
  pickAny(): EndpointPool<Upstream> | FailureCode {
    const { cluster } = this;
    if (cluster === undefined || cluster.empty) return 'NO_ENDPOINT';
    const pool = cluster.pick(this.engine.io.time);
    if (pool === undefined) return 'POOL_FULL';
    this.pool = pool;
    this.attempts = 1;
    return pool;
  }

  /** The endpoint could not be reached: another one, if there is and if attempts are left. */
  pickOther(): EndpointPool<Upstream> | undefined {
    const { engine, cluster, pool } = this;
    if (cluster === undefined || pool === undefined) return undefined;
    const now = engine.now();
    pool.passOver(now);
    engine.recorder.upstreamConnectFailed(cluster.id);
    if (this.attempts >= engine.limits.maxAttempts) return undefined;
    const next = cluster.pick(now, pool);
    if (next === undefined || next === pool || next.full) return undefined;
    this.pool = next;
    this.attempts++;
    return next;
  }

  /** From the client. */
  countIn(bytes: number): void {
    this.bytesIn += bytes;
    this.engine.recorder.relayed(this.listenerId, bytes, 0);
  }

  countOut(bytes: number): void {
    this.bytesOut += bytes;
    this.engine.recorder.relayed(this.listenerId, 0, bytes);
  }

  /** Counts a failure and writes the line of the access log; a second call does nothing. */
  end(failure: FailureCode | '', address: string, port: number): void {
    if (!this.#open) return;
    this.#open = false;
    this.failure = failure;
    const { engine } = this;
    if (failure !== '') engine.recorder.failure(FAILURE_INDEX[failure]);
    if (engine.accessLog === undefined) return;
    const micros = (engine.now() - this.startedAt) * 1000;
    engine.accessLog.record({
      startTime: Date.now() - micros / 1000,
      method: '',
      host: this.hostname,
      path: '',
      protocol: this.protocol,
      status: 0,
      failure,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      durationMicros: micros,
      upstreamMicros: 0,
      requestId: '',
      listener: this.listener?.name ?? '',
      route: this.stream?.route ?? '',
      rule: '',
      cluster: this.cluster?.name ?? '',
      endpoint: this.pool === undefined ? '' : formatAddress(this.pool.address, this.pool.port),
      client: formatAddress(address, port),
    });
  }
}
