// From a request's head to an endpoint: route, request filters, backend, connection, and the head as the backend gets it.
// Every way out that is not a backend is a failure of the table, answered by the connection itself.
import { formatAddress } from '#native/address';
import type { FailureCode } from '../../model/failure.ts';
import type { ClusterPool } from '../../upstream/cluster-pool.ts';
import type { EndpointPool } from '../../upstream/endpoint-pool.ts';
import type { Bytes } from '../channel.ts';
import type { Dispatch, Engine } from '../engine.ts';
import type { Redirect } from '../../filter/redirect/redirect.ts';
import { copyBytes, cutText } from './copy.ts';
import type { Downstream } from './downstream.ts';
import { redirectAnswer } from './local-answer.ts';
import { boundRequestHead, writeRequestHead } from './rewrite-request.ts';
import { KEPT_REQUEST, Upstream } from './upstream.ts';
import { isIdempotent } from './view.ts';

/** How long an endpoint that refused a connection is passed over, milliseconds. */
const COOL_DOWN = 1000;
/** A made request id stands before the head's last CR LF CR LF. */
const ID_FROM_END = 36;
const HEAD_END = 4;

export class Dispatcher implements Dispatch {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  begin(down: Downstream, bytes: Bytes, bodyStart: number, bodyEnd: number): void {
    const engine = this.#engine;
    const { exchange } = down;
    const { view } = engine;
    if (engine.io.buffered > engine.limits.maxBufferedBytes) return down.fail('OVERLOADED');
    const { listener } = exchange;
    if (listener === undefined) exchange.keep = false;
    const rule = listener?.table.match(view);
    if (rule === undefined) return down.fail('NO_ROUTE');
    exchange.rule = rule;
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
    this.#send(down, cluster, pool, bytes, bodyStart, bodyEnd);
  }

  again(down: Downstream, dead: Upstream): boolean {
    const { requestLength, kept, pool, cluster } = dead;
    if (!dead.reused || requestLength === 0 || !down.requestComplete || !isIdempotent(down.exchange.method))
      return false;
    dead.down = null;
    dead.close();
    const fresh = this.#open(pool, cluster);
    fresh.begin(down);
    this.#engine.io.write(fresh, kept, 0, requestLength);
    this.#setDeadline(down, fresh);
    return true;
  }

  connectFailed(down: Downstream, failed: Upstream, code: FailureCode, detail: string): void {
    const engine = this.#engine;
    const { exchange } = down;
    const { pool, cluster, pending, pendingStart, pendingEnd } = failed;
    const now = engine.now();
    pool.failedUntil = now + COOL_DOWN;
    engine.recorder.upstreamConnectFailed(cluster.id);
    const next = exchange.attempts < engine.limits.maxAttempts ? cluster.pick(now, pool) : undefined;
    if (next === undefined || next === pool || next.full || pending === null) return down.fail(code, detail);
    failed.down = null;
    const fresh = this.#open(next, cluster);
    fresh.begin(down);
    exchange.attempts++;
    exchange.endpoint = next;
    engine.io.write(fresh, pending, pendingStart, pendingEnd);
    failed.close();
    this.#setDeadline(down, fresh);
    down.flow();
  }

  #send(
    down: Downstream,
    cluster: ClusterPool<Upstream>,
    pool: EndpointPool<Upstream>,
    bytes: Bytes,
    bodyStart: number,
    bodyEnd: number,
  ): void {
    const engine = this.#engine;
    const { exchange } = down;
    const { io, edit, requestHead: head } = engine;
    exchange.endpoint = pool;
    exchange.attempts = 1;
    edit.filters = exchange.filters;
    edit.forwarded = down.forwarded;
    edit.inMesh = down.inMesh;
    this.#rewrite(down, pool);
    let up = pool.take() ?? this.#open(pool, cluster);
    up.begin(down);
    const headBound = boundRequestHead(head, edit);
    const bodyLength = bodyEnd - bodyStart;
    let from = 0;
    let to: number;
    let sent = up.request;
    if (headBound + bodyLength <= KEPT_REQUEST) {
      to = writeRequestHead(sent.buffer, 0, bytes.buffer, head, edit);
      if (engine.accessLog !== undefined) this.#noteId(down, sent.buffer, to);
      to = copyBytes(bytes.buffer, bodyStart, bodyEnd, sent.buffer, to);
      if (down.requestComplete) up.requestLength = to;
    } else {
      sent = engine.out(headBound + bodyLength);
      to = writeRequestHead(sent.buffer, 0, bytes.buffer, head, edit);
      if (engine.accessLog !== undefined) this.#noteId(down, sent.buffer, to);
      if (bodyLength > 0 && to <= bodyStart) {
        // In front of the body, over the old head: one write, and the body is not copied.
        sent.buffer.copy(bytes.buffer, bodyStart - to, 0, to);
        from = bodyStart - to;
        to = bodyEnd;
        sent = bytes;
      } else to = copyBytes(bytes.buffer, bodyStart, bodyEnd, sent.buffer, to);
      if (up.reused && down.requestComplete && isIdempotent(exchange.method))
        keepLarge(up, sent, from, to, io.allocate(to - from));
    }
    io.write(up, sent, from, to);
    if (up.broken && up.reused) {
      // Refused at once: the backend had closed, and nothing was sent. Any method may go out on a fresh connection.
      up.down = null;
      up.close();
      up = this.#open(pool, cluster);
      up.begin(down);
      io.write(up, sent, from, to);
    }
    if (engine.accessLog !== undefined) exchange.sentAt = engine.now();
    this.#setDeadline(down, up);
    if (up.pending !== null && !down.requestComplete) down.flow();
  }

  /** Target and Host as the backend is to see them. */
  #rewrite(down: Downstream, pool: EndpointPool<Upstream>): void {
    const { edit, view, requestHead: head } = this.#engine;
    const rewrite = down.exchange.filters?.rewrite;
    if (rewrite !== undefined) {
      const path = rewrite.path(view.path);
      if (path !== view.path) edit.target = view.query === '' ? path : `${path}?${view.query}`;
      if (rewrite.host !== undefined) edit.host = rewrite.host;
    }
    // An HTTP/1.0 client need not name a host, a backend that is spoken to in HTTP/1.1 needs one.
    if (edit.host === '' && head.host < 0) edit.host = formatAddress(pool.address, pool.port);
  }

  #redirect(down: Downstream, redirect: Redirect): void {
    const { exchange } = down;
    const { view } = this.#engine;
    if (!down.requestComplete || exchange.minor === 0 || down.retiring) exchange.keep = false;
    exchange.status = redirect.status;
    const location = redirect.location(view, 'http', down.scope()?.port ?? 80);
    down.answer(redirectAnswer(redirect.status, location, !exchange.keep));
  }

  #open(pool: EndpointPool<Upstream>, cluster: ClusterPool<Upstream>): Upstream {
    const up = new Upstream(this.#engine, pool, cluster);
    this.#engine.io.connect(up, pool.address, pool.port);
    if (!up.connecting) up.count();
    return up;
  }

  #setDeadline(down: Downstream, up: Upstream): void {
    const { deadlines, limits } = this.#engine;
    const ms = up.connecting
      ? limits.connectTimeout
      : down.requestComplete
        ? limits.responseTimeout
        : limits.idleTimeout;
    deadlines.set(down, ms);
  }

  #noteId(down: Downstream, buffer: Buffer, headEnd: number): void {
    const { requestHead: head, view } = this.#engine;
    down.exchange.requestId =
      head.requestId >= 0
        ? cutText(view.bytes, head.valueStart(head.requestId), head.valueEnd(head.requestId))
        : cutText(buffer, headEnd - ID_FROM_END, headEnd - HEAD_END);
  }
}

function keepLarge(up: Upstream, sent: Bytes, from: number, to: number, kept: Bytes): void {
  sent.buffer.copy(kept.buffer, 0, from, to);
  up.kept = kept;
  up.requestLength = to - from;
}
