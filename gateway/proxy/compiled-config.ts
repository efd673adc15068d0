// A Snapshot as a worker uses it: listeners by port and host, Service frontends by address, and the numbers they are counted
// by. Compiled off the request path and swapped as one reference.
import { canonicalAddress } from '#native/address';
import type { Snapshot } from '../model/snapshot.ts';
import { SeriesIds, type SeriesNames } from '../observe/series.ts';
import { HostIndex } from '../route/host-index.ts';
import { compileTable, type RouteTable } from '../route/table.ts';
import { openCounters, type WeightPlan } from '../route/weight-counters.ts';

/** One Listener, or the frontend of one Service, with its routes. */
export interface ServedListener {
  readonly name: string;
  readonly id: number;
  readonly table: RouteTable;
}

/** What one port, or one Service address and port, serves. */
export interface Scope {
  readonly port: number;
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

export function portKey(port: number): string {
  return `port ${port}`;
}

/** `address` in canonical form. */
export function frontendKey(address: string, port: number): string {
  return `${address} ${port}`;
}

export function compileConfig(snapshot: Snapshot, names: SeriesNames, plan: WeightPlan): CompiledConfig {
  const ids = new SeriesIds(names);
  const scopes = new Map<string, Scope>();
  const routeId = (route: string): number => ids.route(route);
  for (const { port, listeners } of snapshot.ports) {
    const served = listeners.map((listener) => {
      const table = compileTable(listener.hosts, openCounters(plan, listener.name), routeId);
      return [listener.hostname, { name: listener.name, id: ids.listener(listener.name), table }] as const;
    });
    const id = served[0]?.[1].id ?? 0;
    scopes.set(portKey(port), { port, inMesh: false, id, listeners: new HostIndex(served) });
  }
  for (const { name, addresses, port, hosts } of snapshot.services) {
    const id = ids.listener(name);
    const table = compileTable(hosts, openCounters(plan, name), routeId);
    const scope: Scope = { port, inMesh: true, id, listeners: new HostIndex([['', { name, id, table }]]) };
    for (const address of addresses) scopes.set(frontendKey(canonicalAddress(address), port), scope);
  }
  return { revision: snapshot.revision, ids, scopes };
}
