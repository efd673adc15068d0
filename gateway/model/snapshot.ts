// All configuration of the proxy at one revision: plain, frozen, structured-cloneable to the workers.
import type { Cluster } from './cluster.ts';
import type { VirtualHost } from './route.ts';

/** One Gateway listener. Requests pick the Listener whose hostname is the most specific match (GEP-3567 isolation). */
export interface Listener {
  /** `namespace/gateway/listener`. */
  readonly name: string;
  /** Exact, `*.suffix`, or '' for any. */
  readonly hostname: string;
  readonly hosts: readonly VirtualHost[];
}

/** A TCP port that the proxy opens: every Listener that shares it. */
export interface Port {
  readonly port: number;
  readonly protocol: 'HTTP';
  readonly listeners: readonly Listener[];
}

/**
 * A Service that has HTTPRoutes attached (parentRef of kind Service). Connections to address:port are redirected to the
 * proxy by the datapath; the proxy finds this by their original destination.
 */
export interface ServiceFrontend {
  /** `namespace/service:port`. */
  readonly name: string;
  /** The Service's cluster addresses, literal IPv4 or IPv6. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly hosts: readonly VirtualHost[];
}

export interface Snapshot {
  /** Grows by one with each accepted change. */
  readonly revision: number;
  readonly ports: readonly Port[];
  readonly services: readonly ServiceFrontend[];
  readonly clusters: readonly Cluster[];
}

export const EMPTY_SNAPSHOT: Snapshot = { revision: 0, ports: [], services: [], clusters: [] };
