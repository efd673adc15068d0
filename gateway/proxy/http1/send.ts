// Sends a request to an HTTP/1.1 endpoint: takes a connection or opens one, writes the head as the backend gets it with what
// is here of the body, and knows when a request may be sent once more.
import { formatAddress } from '#native/address';
import type { FailureCode } from '../../model/failure.ts';
import type { ClusterPool } from '../../upstream/cluster-pool.ts';
import type { EndpointPool } from '../../upstream/endpoint-pool.ts';
import { awaitBackend } from '../await-backend.ts';
import type { Bytes } from '../channel.ts';
import type { Client } from '../client.ts';
import type { ClientStream } from '../client-stream.ts';
import type { Engine } from '../engine.ts';
import { DATA } from '../framing.ts';
import { announceClient } from '../proxy-protocol/announce-client.ts';
import { copyBytes, cutText } from './copy.ts';
import { trustedClient } from './trusted-client.ts';
import { boundRequestHead, writeRequestHead } from './rewrite-request.ts';
import { KEPT_REQUEST, Upstream } from './upstream.ts';
import { CHUNK_FRAME, writeChunk } from './write-chunk.ts';
import { isIdempotent } from './view.ts';

/** A made request id stands before the head's last CR LF CR LF. */
const ID_FROM_END = 36;
const HEAD_END = 4;

/** Sends the request whose head is the engine's `requestHead`, with its body from `bodyStart` to `bodyEnd` of `bytes`. */
export function sendHttp1(
  engine: Engine,
  down: ClientStream,
  cluster: ClusterPool<Upstream>,
  pool: EndpointPool<Upstream>,
  bytes: Bytes,
  bodyStart: number,
  bodyEnd: number,
): void {
  const { exchange } = down;
  const { io, edit, requestHead: head } = engine;
  prepareEdit(engine, down, pool);
  const chunking = frame(engine, down, bodyEnd - bodyStart);
  let up = take(pool, cluster, down.client) ?? open(engine, pool, cluster, down.client);
  up.begin(down, chunking);
  const headBound = boundRequestHead(head, edit);
  const bodyLength = bodyEnd - bodyStart;
  let from = 0;
  let to: number;
  let sent = up.request;
  if (headBound + bodyLength + CHUNK_FRAME <= KEPT_REQUEST) {
    to = writeRequestHead(sent.buffer, 0, bytes.buffer, head, edit);
    if (engine.accessLog !== undefined) noteId(engine, down, sent.buffer, to);
    to = copyBody(bytes.buffer, bodyStart, bodyEnd, sent.buffer, to, chunking);
    if (down.requestComplete) up.requestLength = to;
  } else {
    sent = engine.out(headBound + bodyLength + CHUNK_FRAME);
    to = writeRequestHead(sent.buffer, 0, bytes.buffer, head, edit);
    if (engine.accessLog !== undefined) noteId(engine, down, sent.buffer, to);
    if (bodyLength > 0 && to <= bodyStart && !chunking) {
      // In front of the body, over the old head: one write, and the body is not copied.
      sent.buffer.copy(bytes.buffer, bodyStart - to, 0, to);
      from = bodyStart - to;
      to = bodyEnd;
      sent = bytes;
    } else to = copyBody(bytes.buffer, bodyStart, bodyEnd, sent.buffer, to, chunking);
    if (up.reused && down.requestComplete && isIdempotent(exchange.method))
      keepLarge(up, sent, from, to, io.allocate(to - from));
  }
  io.write(up, sent, from, to);
  if (up.broken && up.reused) {
    // Refused at once: the backend had closed, and nothing was sent. Any method may go out on a fresh connection.
    up.cancel();
    up = open(engine, pool, cluster, down.client);
    up.begin(down, chunking);
    io.write(up, sent, from, to);
  }
  if (engine.accessLog !== undefined) exchange.sentAt = engine.now();
  awaitBackend(engine, down, up.connecting);
  if (up.pending !== null && !down.requestComplete) down.flow();
}

/** A reused connection died before it answered: sends the request once more. False when that is not allowed. */
export function sendAgain(engine: Engine, down: ClientStream, dead: Upstream): boolean {
  const { requestLength, kept, pool, cluster } = dead;
  if (!dead.reused || requestLength === 0 || !down.requestComplete || !isIdempotent(down.exchange.method))
    return false;
  dead.cancel();
  const fresh = open(engine, pool, cluster, down.client);
  fresh.begin(down, false);
  engine.io.write(fresh, kept, 0, requestLength);
  awaitBackend(engine, down, fresh.connecting);
  return true;
}

/** No connection came about: tries another endpoint or answers `code`. */
export function sendElsewhere(
  engine: Engine,
  down: ClientStream,
  failed: Upstream,
  code: FailureCode,
  detail: string,
): void {
  const { exchange } = down;
  const { pool, cluster, chunking, pending, pendingStart, pendingEnd } = failed;
  const now = engine.now();
  pool.passOver(now);
  engine.recorder.upstreamConnectFailed(cluster.id);
  const next = exchange.attempts < engine.limits.maxAttempts ? cluster.pick(now, pool) : undefined;
  if (next === undefined || next === pool || next.full || pending === null) return down.fail(code, detail);
  failed.down = null;
  const fresh = open(engine, next, cluster, down.client);
  // The same header, if any, stands before the request that did not go out.
  const header = fresh.pending === null ? 0 : fresh.pendingEnd - fresh.pendingStart;
  fresh.begin(down, chunking);
  exchange.attempts++;
  exchange.endpoint = next;
  engine.io.write(fresh, pending, pendingStart + header, pendingEnd);
  failed.close();
  awaitBackend(engine, down, fresh.connecting);
  down.flow();
}

/** What the backend is to see that differs from what the client sent. */
export function prepareEdit(engine: Engine, down: ClientStream, pool: EndpointPool<Upstream>): void {
  const { edit, view, requestHead: head } = engine;
  const { exchange, client } = down;
  edit.filters = exchange.filters;
  edit.forwarded = client.forwarded;
  edit.keepProto = client.inMesh || engine.trustedHops > 0;
  if (engine.trustedHops > 0 && engine.accessLog !== undefined)
    exchange.trustedClient = trustedClient(view.bytes, head, engine.trustedHops);
  edit.upgrade = exchange.upgrade;
  const rewrite = exchange.filters?.rewrite;
  if (rewrite !== undefined) {
    const path = rewrite.path(view.path);
    if (path !== view.path) edit.target = view.query === '' ? path : `${path}?${view.query}`;
    if (rewrite.host !== undefined) edit.host = rewrite.host;
  }
  // An HTTP/1.0 client need not name a host, a backend that is spoken to in HTTP/1.1 needs one.
  if (edit.host === '' && head.host < 0) edit.host = formatAddress(pool.address, pool.port);
}

/** A body whose length only its end tells needs a framing of ours: its length once all of it is here, chunks before that. */
function frame(engine: Engine, down: ClientStream, length: number): boolean {
  const { edit } = engine;
  edit.framing = '';
  if (down.framing !== DATA) return false;
  if (down.requestComplete) {
    const { method } = down.exchange;
    if (length > 0 || method === 'POST' || method === 'PUT' || method === 'PATCH')
      edit.framing = `content-length: ${length}\r\n`;
    return false;
  }
  edit.framing = 'transfer-encoding: chunked\r\n';
  return true;
}

function copyBody(
  bytes: Buffer,
  start: number,
  end: number,
  to: Buffer,
  at: number,
  chunking: boolean,
): number {
  return chunking && end > start
    ? writeChunk(bytes, start, end, to, at)
    : copyBytes(bytes, start, end, to, at);
}

/** An idle connection. One that was announced as a client's carries no other's requests. */
function take(
  pool: EndpointPool<Upstream>,
  cluster: ClusterPool<Upstream>,
  client: Client,
): Upstream | undefined {
  if (cluster.proxyProtocol === undefined) return pool.take();
  const own = pool.takeOf(client);
  // No room for another one: somebody else's makes room.
  if (own === undefined && pool.full) pool.take()?.close();
  return own;
}

function open(
  engine: Engine,
  pool: EndpointPool<Upstream>,
  cluster: ClusterPool<Upstream>,
  client: Client,
): Upstream {
  const up = new Upstream(engine, pool, cluster);
  if (cluster.secure) up.secure = engine.secureTo(cluster.name);
  engine.io.connect(up, pool.address, pool.port);
  if (cluster.proxyProtocol !== undefined) {
    up.owner = client;
    announceClient(engine.io, client, up, cluster.proxyProtocol);
  }
  if (!up.connecting) up.count();
  return up;
}

export function noteId(engine: Engine, down: ClientStream, buffer: Buffer, headEnd: number): void {
  const { requestHead: head, view } = engine;
  down.exchange.requestId =
    head.requestId >= 0
      ? cutText(view.bytes, head.valueStart(head.requestId), head.valueEnd(head.requestId))
      : cutText(buffer, headEnd - ID_FROM_END, headEnd - HEAD_END);
}

function keepLarge(up: Upstream, sent: Bytes, from: number, to: number, kept: Bytes): void {
  sent.buffer.copy(kept.buffer, 0, from, to);
  up.kept = kept;
  up.requestLength = to - from;
}
