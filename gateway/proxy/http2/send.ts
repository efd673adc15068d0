// Sends a request to an HTTP/2 endpoint: on a connection that has room, or on a new one.
import type { ClusterPool } from '../../upstream/cluster-pool.ts';
import type { EndpointPool } from '../../upstream/endpoint-pool.ts';
import { awaitBackend } from '../await-backend.ts';
import type { Bytes } from '../channel.ts';
import type { Client } from '../client.ts';
import type { ClientStream } from '../client-stream.ts';
import type { Engine } from '../engine.ts';
import { boundRequestHead, writeRequestHead } from '../http1/rewrite-request.ts';
import { dropLine } from '../http1/rewrite-response.ts';
import { noteId, prepareEdit } from '../http1/send.ts';
import type { Upstream } from '../http1/upstream.ts';
import { announceClient } from '../proxy-protocol/announce-client.ts';
import { ClientSession } from './client-session.ts';
import type { UpstreamStream } from './upstream-stream.ts';

/** We take trailers, whoever asked (RFC 9110 section 10.1.4); gRPC servers insist on it. */
export const TE = 'te: trailers\r\n';

/**
 * Sends the request whose head is the engine's `requestHead`, with its body from `bodyStart` to `bodyEnd` of `bytes`. `lines` are
 * added to it.
 */
export function sendHttp2(
  engine: Engine,
  down: ClientStream,
  cluster: ClusterPool<Upstream>,
  pool: EndpointPool<Upstream>,
  bytes: Bytes,
  bodyStart: number,
  bodyEnd: number,
  lines: string = TE,
): void {
  const { edit, requestHead: head } = engine;
  if (down.exchange.upgrade) return down.fail('UPGRADE_REFUSED');
  prepareEdit(engine, down, pool);
  edit.framing = lines;
  dropLine(head, head.codingLine);
  const session = sessionWithRoom(engine, pool, cluster, down.client);
  const stream = session.frames.open(down);
  const bound = boundRequestHead(head, edit);
  const kept = stream.roomForHead(bound);
  const text = kept ?? engine.out(bound).buffer;
  const end = writeRequestHead(text, 0, bytes.buffer, head, edit);
  if (engine.accessLog !== undefined) {
    noteId(engine, down, text, end);
    down.exchange.sentAt = engine.now();
  }
  session.frames.sendHead(stream, text, end);
  if (kept !== null) stream.keepHead(end);
  if (bodyEnd > bodyStart) stream.sendBody(bytes, bodyStart, bodyEnd);
  if (down.requestComplete) stream.sendEnd(null, 0, 0);
  awaitBackend(engine, down, session.connecting);
  engine.deadlines.clear(session);
  if (stream.congested) down.flow();
}

/**
 * Sends a request once more that its endpoint did not take up, to another endpoint than `avoid` where there is one. False when
 * it cannot be: too many attempts, or not all of it is at hand.
 */
export function resend(
  engine: Engine,
  down: ClientStream,
  stream: UpstreamStream,
  avoid?: EndpointPool<Upstream>,
): boolean {
  const { exchange } = down;
  const { cluster } = stream.session;
  const { kept, headLength, keptLength } = stream;
  if (kept === null || exchange.attempts >= engine.limits.maxAttempts) return false;
  const next = cluster.pick(engine.now(), avoid);
  if (next === undefined || next === avoid) return false;
  exchange.attempts++;
  exchange.endpoint = next;
  const session = sessionWithRoom(engine, next, cluster, down.client);
  const fresh = session.frames.open(down);
  session.frames.sendHead(fresh, kept, headLength);
  fresh.roomForHead(headLength)?.set(kept.subarray(0, headLength));
  fresh.keepHead(headLength);
  if (keptLength > headLength) fresh.sendKept({ buffer: kept, address: 0 }, headLength, keptLength);
  fresh.sendEnd(null, 0, 0);
  awaitBackend(engine, down, session.connecting);
  engine.deadlines.clear(session);
  return true;
}

function sessionWithRoom(
  engine: Engine,
  pool: EndpointPool<Upstream>,
  cluster: ClusterPool<Upstream>,
  client: Client,
): ClientSession {
  const { proxyProtocol } = cluster;
  // "MUST NOT implement this protocol on multiplexed connections" (PROXY protocol, section 2): each client has its own.
  const owner = proxyProtocol === undefined ? null : client;
  for (const shared of pool.shared as ClientSession[])
    if (shared.hasRoom && shared.owner === owner) return shared;
  const session = new ClientSession(engine, pool, cluster);
  if (cluster.secure) session.secure = engine.secureTo(cluster.name);
  engine.io.connect(session, pool.address, pool.port);
  session.owner = owner;
  if (proxyProtocol !== undefined) announceClient(engine.io, client, session, proxyProtocol);
  session.frames.begin();
  return session;
}
