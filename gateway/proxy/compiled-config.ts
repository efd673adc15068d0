// A Snapshot as a worker uses it: listeners by port and host, Service frontends by address, and the numbers they are counted
// by. Compiled off the request path and swapped as one reference.
import { canonicalAddress } from '#native/address';
import type { PortProtocol, Snapshot } from '../model/snapshot.ts';
import { SeriesIds, type SeriesNames } from '../observe/series.ts';
import { compileStreams, type CompiledStream } from '../route/compiled-stream.ts';
import { HostIndex } from '../route/host-index.ts';
import { compileTable, type RouteTable } from '../route/table.ts';
import { openCounters, type WeightPlan } from '../route/weight-counters.ts';
import { portKey, transportOf } from './port-key.ts';

const NO_STREAMS = new HostIndex<CompiledStream>([]);

/** One Listener, or the frontend of one Service, with its routes. */
export interface ServedListener {
  readonly name: string;
  readonly id: number;
  readonly table: RouteTable;
  /** What takes connections that no request is looked at in, by the name asked for in TLS, else ''. */
  readonly streams: HostIndex<CompiledStream>;
  /** Connections go there: no request is looked at. Listeners of both sorts may share a port of TLS. */
  readonly relays: boolean;
}

/** What one port, or one Service address and port, serves. */
export interface Scope {
  readonly port: number;
  readonly protocol: PortProtocol;
  /** Every connection begins with a PROXY protocol header. */
  readonly proxyProtocol: boolean;
  /** Reached through the mesh: clients are workloads whose forwarding headers are kept. */
  readonly inMesh: boolean;
  /** Counts requests that are refused before their host is known. */
  readonly id: number;
  readonly listeners: HostIndex<ServedListener>;
}

export interface CompiledConfig {
  readonly revision: number;
  readonly ids: SeriesIds;
  /** By `portKey` or `frontendKey`. */
  readonly scopes: ReadonlyMap<string, Scope>;
}

/** `address` in canonical form. */
export function frontendKey(address: string, port: number): string {
  return `${address} ${port}`;
}

export function compileConfig(snapshot: Snapshot, names: SeriesNames, plan: WeightPlan): CompiledConfig {
  const ids = new SeriesIds(names);
  const scopes = new Map<string, Scope>();
  const routeId = (route: string): number => ids.route(route);
  for (const { port, protocol, listeners, proxyProtocol = false } of snapshot.ports) {
    const served = listeners.map((listener) => {
      const { name, hosts, streams = [] } = listener;
      const relays = protocol !== 'HTTP' && (protocol !== 'HTTPS' || listener.streams !== undefined);
      const counters = openCounters(plan, name);
      const table = compileTable(hosts, counters, routeId);
      const compiled = {
        name,
        id: ids.listener(name),
        table,
        streams: compileStreams(streams, counters),
        relays,
      };
      return [listener.hostname, compiled] as const;
    });
    const id = served[0]?.[1].id ?? 0;
    const index = new HostIndex(served);
    const key = portKey(transportOf(protocol), port);
    scopes.set(key, { port, protocol, proxyProtocol, inMesh: false, id, listeners: index });
  }
  for (const { name, addresses, port, hosts } of snapshot.services) {
    const id = ids.listener(name);
    const table = compileTable(hosts, openCounters(plan, name), routeId);
    const served = { name, id, table, streams: NO_STREAMS, relays: false };
    const listeners = new HostIndex([['', served]]);
    const scope: Scope = { port, protocol: 'HTTP', proxyProtocol: false, inMesh: true, id, listeners };
    for (const address of addresses) scopes.set(frontendKey(canonicalAddress(address), port), scope);
  }
  return { revision: snapshot.revision, ids, scopes };
}
