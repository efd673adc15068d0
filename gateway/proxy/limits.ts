// Every limit of the proxy in one table: its name, default, unit, command-line flag, what happens beyond it and what counts that.
// docs/reference/limits.md is tested against this table; `Limits` is what the engine reads.

import type { FailureCode } from '../model/failure.ts';

export type LimitName =
  | 'maxHeadBytes'
  | 'maxHeaders'
  | 'maxBodyBytes'
  | 'maxClients'
  | 'maxClientsPerAddress'
  | 'maxConnections'
  | 'maxIdleConnections'
  | 'maxBufferedBytes'
  | 'maxMemoryBytes'
  | 'maxAttempts'
  | 'headTimeout'
  | 'idleTimeout'
  | 'connectTimeout'
  | 'responseTimeout'
  | 'tunnelTimeout'
  | 'maxProxyHeaderBytes'
  | 'maxSessions'
  | 'sessionTimeout'
  | 'maxStreams'
  | 'streamWindow'
  | 'connectionWindow'
  | 'maxContinuations'
  | 'maxStreamResets'
  | 'maxControlFrames'
  | 'maxEmptyFrames'
  | 'maxCrumbs'
  | 'maxUnreadReplies';

export type Limits = Readonly<Record<LimitName, number>>;

export interface Limit {
  readonly name: LimitName;
  readonly value: number;
  readonly unit: 'bytes' | 'ms' | 'count';
  readonly flag: string;
  readonly doc: string;
  /** Codes of the failures that requests beyond it meet; none when no request fails by it. */
  readonly failures: readonly FailureCode[];
}

export const LIMITS: readonly Limit[] = [
  {
    name: 'maxHeadBytes',
    value: 32_768,
    unit: 'bytes',
    flag: '--max-head-bytes',
    doc: 'largest head (first line and headers) of a request or an answer; beyond it 431, or 502 for an answer',
    failures: ['HEAD_TOO_LARGE', 'UPSTREAM_PROTOCOL'],
  },
  {
    name: 'maxHeaders',
    value: 128,
    unit: 'count',
    flag: '--max-headers',
    doc: 'most header lines in one head; beyond it 431, or 502 for an answer',
    failures: ['HEAD_TOO_LARGE', 'UPSTREAM_PROTOCOL'],
  },
  {
    name: 'maxBodyBytes',
    value: 0,
    unit: 'bytes',
    flag: '--max-body-bytes',
    doc: 'largest body of a request, as it is sent; beyond it 413. 0: any',
    failures: ['BODY_TOO_LARGE'],
  },
  {
    name: 'maxClients',
    value: 16_384,
    unit: 'count',
    flag: '--max-clients',
    doc: 'client connections over all workers; one more is answered 503 and closed',
    failures: ['OVERLOADED'],
  },
  {
    name: 'maxClientsPerAddress',
    value: 0,
    unit: 'count',
    flag: '--max-clients-per-address',
    doc: 'client connections from one address over all workers, to which the kernel deals them evenly; one more gets 503 and is closed. 0: any number, since a load balancer in front is one address',
    failures: ['OVERLOADED'],
  },
  {
    name: 'maxConnections',
    value: 1024,
    unit: 'count',
    flag: '--max-connections',
    doc: 'connections to one endpoint over all workers; when every endpoint has as many, requests get 503',
    failures: ['POOL_FULL'],
  },
  {
    name: 'maxIdleConnections',
    value: 256,
    unit: 'count',
    flag: '--max-idle-connections',
    doc: 'unused connections kept open to one endpoint over all workers; the rest are closed after their request',
    failures: [],
  },
  {
    name: 'maxBufferedBytes',
    value: 268_435_456,
    unit: 'bytes',
    flag: '--max-buffered-bytes',
    doc: 'bytes held for slow peers over all workers; beyond it new requests get 503 until it drains',
    failures: ['OVERLOADED'],
  },
  {
    name: 'maxMemoryBytes',
    value: 0,
    unit: 'bytes',
    flag: '--max-memory-bytes',
    doc: 'memory of the process; 0: what its cgroup allows. From 92 % of it, or of its descriptors, connections end with their next answer; from 95 % new ones get 503',
    failures: ['OVERLOADED'],
  },
  {
    name: 'maxAttempts',
    value: 3,
    unit: 'count',
    flag: '--max-attempts',
    doc: 'endpoints tried for one request when connecting fails, the first included',
    failures: ['CONNECT_FAILED', 'CONNECT_TIMEOUT'],
  },
  {
    name: 'headTimeout',
    value: 10_000,
    unit: 'ms',
    flag: '--head-timeout',
    doc: 'from the first byte of a request head to its last; beyond it 408',
    failures: ['HEAD_TIMEOUT'],
  },
  {
    name: 'idleTimeout',
    value: 60_000,
    unit: 'ms',
    flag: '--idle-timeout',
    doc: 'no byte moved, within a message or between two; beyond it the connection is closed (408 within a request body)',
    failures: ['BODY_TIMEOUT', 'UPSTREAM_TIMEOUT', 'CLIENT_GONE'],
  },
  {
    name: 'connectTimeout',
    value: 5_000,
    unit: 'ms',
    flag: '--connect-timeout',
    doc: 'for an endpoint to accept a connection; beyond it another endpoint is tried, at last 503',
    failures: ['CONNECT_TIMEOUT'],
  },
  {
    name: 'responseTimeout',
    value: 60_000,
    unit: 'ms',
    flag: '--response-timeout',
    doc: 'from the end of a request to the head of its answer; beyond it 504',
    failures: ['UPSTREAM_TIMEOUT'],
  },
  {
    name: 'tunnelTimeout',
    value: 3_600_000,
    unit: 'ms',
    flag: '--tunnel-timeout',
    doc: 'no byte moved either way on a WebSocket or a TCP connection without HTTP; beyond it both connections are closed',
    failures: ['CLIENT_GONE'],
  },
  {
    name: 'maxProxyHeaderBytes',
    value: 2048,
    unit: 'bytes',
    flag: '--max-proxy-header-bytes',
    doc: 'largest length that a PROXY protocol header of version 2 may announce; beyond it the connection is closed',
    failures: ['PROXY_HEADER_INVALID'],
  },
  {
    name: 'maxSessions',
    value: 16_384,
    unit: 'count',
    flag: '--max-sessions',
    doc: 'UDP sessions (a client address and port each) over all workers; one more ends the one that was silent for longest',
    failures: ['SESSION_DISPLACED'],
  },
  {
    name: 'sessionTimeout',
    value: 30_000,
    unit: 'ms',
    flag: '--session-timeout',
    doc: 'no datagram either way; beyond it a UDP session ends, and the next datagram may go to another backend',
    failures: [],
  },
  {
    name: 'maxStreams',
    value: 100,
    unit: 'count',
    flag: '--max-streams',
    doc: 'requests at once on one HTTP/2 connection of a client; one more is refused with REFUSED_STREAM',
    failures: [],
  },
  {
    name: 'streamWindow',
    value: 262_144,
    unit: 'bytes',
    flag: '--stream-window',
    doc: 'body that an HTTP/2 peer may send on one stream before it was passed on; it waits beyond that',
    failures: [],
  },
  {
    name: 'connectionWindow',
    value: 1_048_576,
    unit: 'bytes',
    flag: '--connection-window',
    doc: 'the same for all streams of an HTTP/2 connection together; what one connection can make the proxy hold',
    failures: [],
  },
  {
    name: 'maxContinuations',
    value: 32,
    unit: 'count',
    flag: '--max-continuations',
    doc: 'CONTINUATION frames of one HTTP/2 header block; beyond it the connection ends with ENHANCE_YOUR_CALM',
    failures: ['CLIENT_GONE', 'UPSTREAM_RESET'],
  },
  {
    name: 'maxStreamResets',
    value: 500,
    unit: 'count',
    flag: '--max-stream-resets',
    doc: 'HTTP/2 streams that a peer resets, or makes us reset by its errors, at once and again in 30 s; each complete answer earns one back; beyond it ENHANCE_YOUR_CALM',
    failures: ['CLIENT_GONE', 'UPSTREAM_RESET'],
  },
  {
    name: 'maxControlFrames',
    value: 10_000,
    unit: 'count',
    flag: '--max-control-frames',
    doc: 'HTTP/2 frames that carry no request (PING, SETTINGS, PRIORITY, WINDOW_UPDATE, unknown ones) at once and again in 30 s; each frame of data earns four back; beyond it ENHANCE_YOUR_CALM',
    failures: ['CLIENT_GONE', 'UPSTREAM_RESET'],
  },
  {
    name: 'maxEmptyFrames',
    value: 100,
    unit: 'count',
    flag: '--max-empty-frames',
    doc: 'HTTP/2 DATA frames without data at once and again in 30 s; beyond it ENHANCE_YOUR_CALM',
    failures: ['CLIENT_GONE', 'UPSTREAM_RESET'],
  },
  {
    name: 'maxCrumbs',
    value: 1000,
    unit: 'count',
    flag: '--max-crumbs',
    doc: 'DATA frames below 256 bytes that the windows of an HTTP/2 peer force on us, at once and again in 30 s; beyond it ENHANCE_YOUR_CALM',
    failures: ['CLIENT_GONE', 'UPSTREAM_RESET'],
  },
  {
    name: 'maxUnreadReplies',
    value: 200,
    unit: 'count',
    flag: '--max-unread-replies',
    doc: 'answers to PING and SETTINGS that wait for an HTTP/2 peer which does not read; beyond it ENHANCE_YOUR_CALM',
    failures: ['CLIENT_GONE', 'UPSTREAM_RESET'],
  },
];

export const DEFAULT_LIMITS: Limits = Object.fromEntries(
  LIMITS.map(({ name, value }) => [name, value]),
) as Limits;

/** One worker's part of the limits that hold over all workers. */
export function shareOfWorker(limits: Limits, workers: number): Limits {
  const share = (value: number): number => Math.max(1, Math.ceil(value / workers));
  return {
    ...limits,
    maxClients: share(limits.maxClients),
    maxClientsPerAddress: limits.maxClientsPerAddress === 0 ? 0 : share(limits.maxClientsPerAddress),
    maxConnections: share(limits.maxConnections),
    maxIdleConnections: share(limits.maxIdleConnections),
    maxBufferedBytes: share(limits.maxBufferedBytes),
    maxSessions: share(limits.maxSessions),
  };
}
