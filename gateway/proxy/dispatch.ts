// From a request's head to an endpoint: route, request filters, backend, and the pool that a connection is taken from. Every
// way out that is not a backend is a failure of the table, answered by the client's half itself.
import type { Bytes } from './channel.ts';
import type { ClientStream } from './client-stream.ts';
import type { Dispatch, Engine } from './engine.ts';
import type { Redirect } from '../filter/redirect/redirect.ts';
import type { FailureCode } from '../model/failure.ts';
import { SCRATCH, WebAnswer } from './grpc-web/web-answer.ts';
import { webTypeOf } from './grpc-web/web-type.ts';
import { sendAgain, sendElsewhere, sendHttp1 } from './http1/send.ts';
import type { Upstream } from './http1/upstream.ts';
import { redirectAnswer } from './http1/local-answer.ts';
import { resend, sendHttp2 } from './http2/send.ts';
import type { UpstreamStream } from './http2/upstream-stream.ts';
import type { EndpointPool } from '../upstream/endpoint-pool.ts';

export class Dispatcher implements Dispatch {
  readonly #engine: Engine;
  /** For bridges to gRPC-Web clients, once there is one. */
  #scratch: Bytes | null = null;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  begin(down: ClientStream, bytes: Bytes, bodyStart: number, bodyEnd: number): void {
    const engine = this.#engine;
    const { exchange } = down;
    const { view } = engine;
    if (engine.io.buffered > engine.limits.maxBufferedBytes) return down.fail('OVERLOADED');
    const { listener } = exchange;
    if (listener === undefined) exchange.keep = false;
    const rule = listener?.table.match(view);
    if (rule === undefined) return down.fail('NO_ROUTE');
    exchange.rule = rule;
    if (rule.grpc) exchange.web = this.#bridge(down);
    if (rule.filters.redirect !== undefined) return this.#redirect(down, rule.filters.redirect);
    const picked = rule.pickBackend();
    if (picked === undefined) return down.fail('NO_BACKEND');
    const { backend } = picked;
    const filters = picked.filters ?? rule.filters;
    exchange.filters = filters;
    if (filters.redirect !== undefined) return this.#redirect(down, filters.redirect);
    if (backend.failure !== undefined) return down.fail(backend.failure);
    const cluster = backend.cluster === undefined ? undefined : engine.clusters.get(backend.cluster);
    if (cluster === undefined || cluster.empty) return down.fail('NO_ENDPOINT');
    exchange.cluster = cluster;
    const pool = cluster.pick(exchange.startedAt);
    if (pool === undefined) return down.fail('POOL_FULL');
    exchange.endpoint = pool;
    exchange.attempts = 1;
    // A backend that is spoken to in HTTP/1.1 cannot be one of gRPC: it may speak gRPC-Web itself.
    if (cluster.protocol !== 'http2') exchange.web = null;
    if (exchange.web !== null) exchange.web.send(cluster, pool, bytes, bodyStart, bodyEnd);
    else if (cluster.protocol === 'http2') sendHttp2(engine, down, cluster, pool, bytes, bodyStart, bodyEnd);
    else sendHttp1(engine, down, cluster, pool, bytes, bodyStart, bodyEnd);
  }

  again(down: ClientStream, dead: Upstream): boolean {
    return sendAgain(this.#engine, down, dead);
  }

  connectFailed(down: ClientStream, failed: Upstream, code: FailureCode, detail: string): void {
    sendElsewhere(this.#engine, down, failed, code, detail);
  }

  resend(down: ClientStream, stream: UpstreamStream, avoid?: EndpointPool<Upstream>): boolean {
    return resend(this.#engine, down, stream, avoid);
  }

  #bridge(down: ClientStream): WebAnswer | null {
    const engine = this.#engine;
    const type = webTypeOf(engine.view, engine.requestHead);
    if (type === undefined) return null;
    this.#scratch ??= engine.io.allocate(SCRATCH);
    return new WebAnswer(engine, down, type, this.#scratch);
  }

  #redirect(down: ClientStream, redirect: Redirect): void {
    const { exchange } = down;
    const { view } = this.#engine;
    if (!down.requestComplete || exchange.minor === 0 || down.client.retiring) exchange.keep = false;
    exchange.status = redirect.status;
    const location = redirect.location(view, down.client.scheme, down.client.scope()?.port ?? 80);
    down.answer(redirectAnswer(redirect.status, location, !exchange.keep));
  }
}
