// What all connections of a worker share: input/output, limits, counters, the configuration in force, and the objects that
// are used over and over so that a request allocates none.
import { performance } from 'node:perf_hooks';
import type { FailureCode } from '../model/failure.ts';
import type { AccessLog } from '../observe/access-log.ts';
import type { Recorder } from '../observe/recorder.ts';
import type { EndpointPool } from '../upstream/endpoint-pool.ts';
import { ClusterSet } from '../upstream/cluster-set.ts';
import { AddressCounts } from './address-counts.ts';
import type { Bytes, Io, Secure } from './channel.ts';
import type { Client } from './client.ts';
import type { ClientStream } from './client-stream.ts';
import type { CompiledConfig } from './compiled-config.ts';
import type { Deadlines } from './deadlines.ts';
import { Head } from './http1/head.ts';
import { RequestEdit } from './http1/rewrite-request.ts';
import { Target } from './http1/target.ts';
import type { Upstream } from './http1/upstream.ts';
import { Http2Memory } from './http2/memory.ts';
import type { UpstreamStream } from './http2/upstream-stream.ts';
import { HeadView } from './http1/view.ts';
import type { Limits } from './limits.ts';
import type { Overload } from './overload.ts';
import { NoTls } from './tls/no-tls.ts';
import type { Tls } from './tls/tls.ts';

const OUT_BYTES = 65_536;

export interface EngineOptions {
  /** This worker's share. */
  readonly limits: Limits;
  readonly recorder: Recorder;
  readonly accessLog?: AccessLog | undefined;
  readonly overload: Overload;
  /** Proxies in front of us that are believed. */
  readonly trustedHops: number;
  /** Name the failure in `x-sluice-failure` of local answers. */
  readonly failureHeader: boolean;
}

/** Chooses a backend for a request whose head was read, and sends it. */
export interface Dispatch {
  /** `bytes` from `bodyStart` to `bodyEnd` is the part of the body that came with the head. */
  begin(down: ClientStream, bytes: Bytes, bodyStart: number, bodyEnd: number): void;
  /** A reused connection died before it answered: sends the request once more. False when that is not allowed. */
  again(down: ClientStream, dead: Upstream): boolean;
  /** No connection came about: tries another endpoint or answers `code`. */
  connectFailed(down: ClientStream, failed: Upstream, code: FailureCode, detail: string): void;
  /** An HTTP/2 endpoint did not take a request up: sends it once more, not to `avoid`. False when that is not allowed. */
  resend(down: ClientStream, stream: UpstreamStream, avoid?: EndpointPool<Upstream>): boolean;
}

export class Engine {
  readonly io: Io;
  readonly deadlines: Deadlines;
  readonly limits: Limits;
  readonly recorder: Recorder;
  readonly accessLog: AccessLog | undefined;
  readonly failureHeader: boolean;
  readonly overload: Overload;
  readonly trustedHops: number;
  readonly requestHead: Head;
  readonly responseHead: Head;
  readonly view: HeadView;
  readonly target: Target = new Target();
  readonly edit: RequestEdit = new RequestEdit();
  readonly http2: Http2Memory;
  readonly clusters: ClusterSet<Upstream>;
  readonly clients: Set<Client> = new Set();
  readonly addresses: AddressCounts;
  /** Clients beyond the limit that are being told so. */
  turnedAway = 0;
  /** Null where there is none: with the engine on node:net. */
  tls: Tls | null = null;
  dispatch: Dispatch;
  config: CompiledConfig;
  #out: Bytes;

  constructor(
    io: Io,
    deadlines: Deadlines,
    config: CompiledConfig,
    options: EngineOptions,
    dispatchOf: (engine: Engine) => Dispatch,
  ) {
    const { limits } = options;
    this.io = io;
    this.deadlines = deadlines;
    this.config = config;
    this.limits = limits;
    this.recorder = options.recorder;
    this.accessLog = options.accessLog;
    this.failureHeader = options.failureHeader;
    this.overload = options.overload;
    this.trustedHops = options.trustedHops;
    this.requestHead = new Head(limits.maxHeaders);
    this.responseHead = new Head(limits.maxHeaders);
    this.view = new HeadView(this.requestHead);
    this.addresses = new AddressCounts(limits.maxClientsPerAddress);
    this.http2 = new Http2Memory(io, limits);
    this.clusters = new ClusterSet<Upstream>(limits);
    this.#out = io.allocate(OUT_BYTES);
    this.dispatch = dispatchOf(this);
  }

  /** The TLS of a new connection to a Cluster that is reached by it. Where there is none, the connection fails. */
  secureTo(cluster: string): Secure {
    if (this.tls === null) return new NoTls('TLS needs the engine epoll: start with --engine epoll');
    try {
      return this.tls.connect(cluster);
    } catch (error) {
      return new NoTls(error instanceof Error ? error.message : String(error));
    }
  }

  /** Milliseconds with fractions, since the worker began. */
  now(): number {
    return performance.now();
  }

  /** Memory to assemble `size` bytes in; the next call hands out the same. */
  out(size: number): Bytes {
    if (size > this.#out.buffer.length) this.#out = this.io.allocate(size * 2);
    return this.#out;
  }

  /** Endpoints that are gone: closes what is idle, and takes nothing new. */
  closeRetired(pools: readonly EndpointPool<Upstream>[]): void {
    for (const pool of pools) {
      for (let up = pool.take(); up !== undefined; up = pool.take()) up.close();
      for (const shared of pool.shared.slice()) shared.retire();
    }
  }
}
