// One request and its answer, from the head to the last byte: where it goes and what will be counted. Every client stream
// has one such object; HTTP/1.1 fills its one anew for each request.
import type { CompiledFilters } from '../filter/filters.ts';
import type { FailureCode } from '../model/failure.ts';
import type { CompiledRule } from '../route/compiled-rule.ts';
import type { ClusterPool } from '../upstream/cluster-pool.ts';
import type { EndpointPool } from '../upstream/endpoint-pool.ts';
import type { ServedListener } from './compiled-config.ts';
import type { WebAnswer } from './grpc-web/web-answer.ts';
import type { Upstream } from './http1/upstream.ts';

export class Exchange {
  /** A request was begun and not settled yet. */
  open = false;
  method = '';
  /** Of the request: HTTP/1.minor. */
  minor = 1;
  /** The client's connection serves another request after this one. */
  keep = false;
  headOnly = false;
  /** Asks to leave HTTP for WebSocket on this connection or stream. */
  upgrade = false;
  listener: ServedListener | undefined = undefined;
  rule: CompiledRule | undefined = undefined;
  filters: CompiledFilters | undefined = undefined;
  cluster: ClusterPool<Upstream> | undefined = undefined;
  endpoint: EndpointPool<Upstream> | undefined = undefined;
  /** What stands between a gRPC-Web client and a gRPC backend; null for everybody else. */
  web: WebAnswer | null = null;
  /** Endpoints tried. */
  attempts = 0;
  /** Sent to the client; 0 before that. */
  status = 0;
  failure: FailureCode | '' = '';
  startedAt = 0;
  sentAt = 0;
  answeredAt = 0;
  bytesIn = 0;
  /** `bytesIn` beyond this is too much. */
  mostBytesIn: number = Infinity;
  bytesOut = 0;
  /** For the access log. */
  host = '';
  path = '';
  query = '';
  requestId = '';
  /** Of a request that came by trusted proxies. */
  trustedClient = '';

  /** The body has grown beyond what it may be, which its head did not tell. */
  get tooLong(): boolean {
    return this.bytesIn > this.mostBytesIn;
  }

  begin(now: number): void {
    this.open = true;
    this.method = '';
    this.minor = 1;
    this.keep = false;
    this.headOnly = false;
    this.upgrade = false;
    this.listener = undefined;
    this.rule = undefined;
    this.filters = undefined;
    this.cluster = undefined;
    this.endpoint = undefined;
    this.web = null;
    this.attempts = 0;
    this.status = 0;
    this.failure = '';
    this.startedAt = now;
    this.sentAt = 0;
    this.answeredAt = 0;
    this.bytesIn = 0;
    this.mostBytesIn = Infinity;
    this.bytesOut = 0;
    this.host = '';
    this.path = '';
    this.query = '';
    this.requestId = '';
    this.trustedClient = '';
  }
}
