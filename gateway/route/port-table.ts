// Everything one TCP port serves: the Listener by the most specific hostname (Listener isolation, GEP-3567), then its routes.
import type { Listener, Port } from '../model/snapshot.ts';
import { HostIndex } from './host-index.ts';
import { compileTable, type RouteTable } from './table.ts';
import { openCounters, type WeightPlan } from './weight-counters.ts';

export interface CompiledListener {
  readonly listener: Listener;
  readonly table: RouteTable;
}

/** `find(host)` gives the Listener that requests for `host` belong to, or undefined: 404 (failure NO_ROUTE). */
export type PortTable = HostIndex<CompiledListener>;

export function compilePort(port: Port, plan: WeightPlan): PortTable {
  return new HostIndex(
    port.listeners.map((listener) => {
      const table = compileTable(listener.hosts, openCounters(plan, listener.name));
      return [listener.hostname, { listener, table }] as const;
    }),
  );
}
