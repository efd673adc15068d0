// Everything that makes a scanned head a request that may be routed: version and framing fit together, the target and the
// Host name one place, nothing is asked that is not served. Fills the view that routes are matched by.
import type { ClientStream } from '../client-stream.ts';
import type { Engine } from '../engine.ts';
import {
  BODY_TOO_LARGE,
  CODING_IN_1_0,
  CONNECT_REFUSED,
  DONE,
  EXPECTATION_UNKNOWN,
  HOST_ELSEWHERE,
  HOST_INVALID,
  HOST_MISSING,
  LENGTH_AND_CODING,
  TARGET_FORM_INVALID,
  WEBSOCKET_REFUSED,
} from './fault.ts';
import { CLOSE, EXPECT_OTHER, KEEP_ALIVE, UPGRADE, type Head } from './head.ts';
import { cutText } from './copy.ts';
import { hostOf } from './host.ts';
import { RequestMemo } from './request-memo.ts';
import { methodOf } from './view.ts';

const SLASH = 47;

/**
 * DONE or a fault. Upgrades: WebSocket is passed on when it is asked for by GET, with the version that it was asked in: whether
 * HTTP/1.0 will do is the backend's to say; every other Upgrade
 * is ignored as RFC 9110 section 7.8 allows, since clients offer h2c on ordinary requests.
 */
export function checkRequest(engine: Engine, down: ClientStream, bytes: Buffer, head: Head): number {
  const { exchange } = down;
  const { minor, options } = head;
  exchange.minor = minor;
  exchange.keep = (options & CLOSE) === 0 && (minor === 1 || (options & KEEP_ALIVE) !== 0);
  const method = methodOf(bytes, head.start, head.methodEnd);
  exchange.method = method;
  exchange.headOnly = method === 'HEAD';
  if (head.chunked) {
    if (head.contentLength >= 0) return LENGTH_AND_CODING;
    if (minor === 0) return CODING_IN_1_0;
  }
  const { maxBodyBytes } = engine.limits;
  if (maxBodyBytes > 0) {
    if (head.contentLength > maxBodyBytes) return BODY_TOO_LARGE;
    exchange.mostBytesIn = exchange.bytesIn + maxBodyBytes;
  }
  if (method === 'CONNECT') return bytes[head.targetStart] === SLASH ? TARGET_FORM_INVALID : CONNECT_REFUSED;
  if (head.targetFault !== 0) return head.targetFault;
  if (head.host < 0 && minor === 1) return HOST_MISSING;
  engine.edit.target = '';
  engine.edit.host = '';
  engine.view.bytes = bytes;
  engine.view.method = method;
  const fault = resolve(engine, down, bytes, head, method);
  if (fault !== DONE) return fault;
  const { listener } = exchange;
  const { boundTo } = down.client;
  if (boundTo !== '' && listener !== undefined && listener.name !== boundTo) return HOST_ELSEWHERE;
  exchange.host = engine.view.host;
  exchange.path = engine.view.path;
  exchange.query = engine.view.query;
  if (head.websocket && (options & UPGRADE) !== 0) {
    if (method !== 'GET' || head.chunked || head.contentLength > 0) return WEBSOCKET_REFUSED;
    exchange.upgrade = true;
  }
  // An HTTP/1.0 client cannot expect anything (RFC 9110 section 10.1.1).
  if (head.expect === EXPECT_OTHER && minor === 1) return EXPECTATION_UNKNOWN;
  return DONE;
}

/** Path, query, host and listener: as the last time, or read anew. */
function resolve(engine: Engine, down: ClientStream, bytes: Buffer, head: Head, method: string): number {
  const { view } = engine;
  const { client } = down;
  const { memo } = client;
  if (memo !== null && !head.targetOdd && memo.holds(bytes, head)) {
    view.path = memo.path;
    view.query = memo.query;
    view.host = memo.host;
    if (memo.config !== engine.config) {
      memo.config = engine.config;
      memo.listener = client.scope()?.listeners.find(memo.host);
    }
    down.exchange.listener = memo.listener;
    return DONE;
  }
  const fault = read(engine, bytes, head, method);
  if (fault !== DONE) return fault;
  const listener = client.scope()?.listeners.find(view.host);
  down.exchange.listener = listener;
  // The first request of a connection may be its last: only the second one is worth remembering.
  if (!head.targetOdd) {
    if (memo !== null) {
      memo.keep(bytes, head);
      memo.path = view.path;
      memo.query = view.query;
      memo.host = view.host;
      memo.listener = listener;
      memo.config = engine.config;
    } else if (client.served) client.memo = new RequestMemo();
    client.served = true;
  }
  return DONE;
}

function read(engine: Engine, bytes: Buffer, head: Head, method: string): number {
  const { view, target, edit } = engine;
  let authority: string | undefined;
  if (head.targetOdd) {
    const fault = target.read(cutText(bytes, head.targetStart, head.targetEnd), method);
    if (fault !== DONE) return fault;
    if (target.changed) edit.target = target.text;
    authority = target.authority;
    if (authority !== undefined) edit.host = authority;
    view.path = target.path;
    view.query = target.query;
  } else {
    const mark = head.queryMark;
    view.path = cutText(bytes, head.targetStart, mark < 0 ? head.targetEnd : mark);
    view.query = mark < 0 ? '' : cutText(bytes, mark + 1, head.targetEnd);
  }
  if (authority === undefined && head.host < 0) {
    view.host = '';
    return DONE;
  }
  const host = hostOf(authority ?? cutText(bytes, head.valueStart(head.host), head.valueEnd(head.host)));
  if (host === undefined) return HOST_INVALID;
  view.host = host;
  return DONE;
}
