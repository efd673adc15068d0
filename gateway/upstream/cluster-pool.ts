// A Cluster's endpoints with their connections, and the choice among them: round robin, past endpoints that just refused a
// connection and those at their limit.
import type { Cluster, ClusterProtocol, Endpoint } from '../model/cluster.ts';
import { EndpointPool, type Pooled, type PoolLimits } from './endpoint-pool.ts';

export class ClusterPool<C extends Pooled> {
  readonly name: string;
  /** Series id, for counting. */
  id = 0;
  protocol: ClusterProtocol = 'http1';
  /** Reached by TLS. */
  secure = false;
  #manner = '';
  /** Connections begin with a PROXY protocol header of this version. */
  proxyProtocol: 1 | 2 | undefined = undefined;
  readonly #limits: PoolLimits;
  #endpoints: EndpointPool<C>[] = [];
  #next = 0;

  constructor(name: string, limits: PoolLimits) {
    this.name = name;
    this.#limits = limits;
  }

  /** No endpoints: every request gets 503 NO_ENDPOINT. */
  get empty(): boolean {
    return this.#endpoints.length === 0;
  }

  /** Takes over the endpoints of a new Snapshot and returns the pools that are not among them any more. */
  update(cluster: Cluster): EndpointPool<C>[] {
    this.protocol = cluster.protocol ?? 'http1';
    this.secure = cluster.tls !== undefined;
    this.proxyProtocol = cluster.proxyProtocol;
    const known = new Map(this.#endpoints.map((pool) => [keyOf(pool), pool]));
    const kept = new Set<EndpointPool<C>>();
    // Connections that were made in another manner, or to another identity, serve no more requests.
    const manner = JSON.stringify([cluster.protocol, cluster.tls, cluster.proxyProtocol]);
    const reached = manner === this.#manner ? known : new Map<string, EndpointPool<C>>();
    this.#manner = manner;
    this.#endpoints = cluster.endpoints.map((endpoint) => {
      const pool = reached.get(keyOf(endpoint)) ?? new EndpointPool<C>(endpoint, this.#limits);
      kept.add(pool);
      return pool;
    });
    return this.#retire([...known.values()].filter((pool) => !kept.has(pool)));
  }

  /** The Cluster is gone. */
  retire(): EndpointPool<C>[] {
    const all = this.#endpoints;
    this.#endpoints = [];
    return this.#retire(all);
  }

  /**
   * The endpoint for the next request, undefined when all are at their limit. One that failed lately is taken only when
   * there is no other; `avoid` (it failed for this very request) only when it is the only one.
   */
  pick(now: number, avoid?: EndpointPool<C>): EndpointPool<C> | undefined {
    const endpoints = this.#endpoints;
    const count = endpoints.length;
    if (count === 1) {
      const only = endpoints[0]!;
      return only.usable ? only : undefined;
    }
    let second: EndpointPool<C> | undefined;
    for (let tried = 0; tried < count; tried++) {
      if (this.#next >= count) this.#next = 0;
      const pool = endpoints[this.#next++]!;
      if (!pool.usable) continue;
      if (pool === avoid || pool.failedUntil > now)
        second = second === undefined || second === avoid ? pool : second;
      else return pool;
    }
    return second;
  }

  #retire(pools: EndpointPool<C>[]): EndpointPool<C>[] {
    for (const pool of pools) pool.retired = true;
    return pools;
  }
}

function keyOf(endpoint: Endpoint): string {
  return `${endpoint.address} ${endpoint.port}`;
}
