// The end of a request: counted once, and written to the access log when there is one.
import type { AccessLogEntry } from '../observe/access-log.ts';
import { NONE } from '../observe/recorder.ts';
import { FAILURE_INDEX } from '../observe/recorder-layout.ts';
import { formatAddress } from '#native/address';
import type { Engine } from './engine.ts';
import type { ClientStream } from './client-stream.ts';
import type { Exchange } from './exchange.ts';

/** Counts the exchange of `down`; a second call does nothing. */
export function settle(engine: Engine, down: ClientStream): void {
  const exchange = down.exchange;
  if (!exchange.open) return;
  exchange.open = false;
  const micros = (engine.now() - exchange.startedAt) * 1000;
  const { rule, cluster, listener, failure } = exchange;
  engine.recorder.requestDone(
    listener === undefined ? down.client.scopeId : listener.id,
    rule === undefined ? NONE : rule.seriesId,
    cluster === undefined ? NONE : cluster.id,
    exchange.status,
    micros,
    exchange.bytesIn,
    exchange.bytesOut,
  );
  if (failure !== '') engine.recorder.failure(FAILURE_INDEX[failure]);
  engine.accessLog?.record(entryOf(down, exchange, micros));
}

function entryOf(down: ClientStream, exchange: Exchange, micros: number): AccessLogEntry {
  const { rule, endpoint, query } = exchange;
  return {
    startTime: Date.now() - micros / 1000,
    method: exchange.method,
    host: exchange.host,
    path: query === '' ? exchange.path : `${exchange.path}?${query}`,
    protocol: down.client.http2 ? 'HTTP/2' : exchange.minor === 1 ? 'HTTP/1.1' : 'HTTP/1.0',
    status: exchange.status,
    failure: exchange.failure,
    bytesIn: exchange.bytesIn,
    bytesOut: exchange.bytesOut,
    durationMicros: micros,
    upstreamMicros: exchange.answeredAt === 0 ? 0 : (exchange.answeredAt - exchange.sentAt) * 1000,
    requestId: exchange.requestId,
    listener: exchange.listener?.name ?? '',
    route: rule?.route ?? '',
    rule: rule === undefined ? '' : (rule.rule.name ?? String(rule.rule.index)),
    cluster: exchange.cluster?.name ?? '',
    endpoint: endpoint === undefined ? '' : formatAddress(endpoint.address, endpoint.port),
    client: exchange.trustedClient || formatAddress(down.client.address, down.client.port),
  };
}
