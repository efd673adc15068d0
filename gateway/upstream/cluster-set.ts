// All Clusters of a worker by name. A new Snapshot keeps the pools of Clusters and endpoints that stay, with their
// connections; the rest is retired.
import type { Cluster } from '../model/cluster.ts';
import { ClusterPool } from './cluster-pool.ts';
import type { EndpointPool, Pooled, PoolLimits } from './endpoint-pool.ts';

export class ClusterSet<C extends Pooled> {
  readonly #limits: PoolLimits;
  readonly #clusters = new Map<string, ClusterPool<C>>();

  constructor(limits: PoolLimits) {
    this.#limits = limits;
  }

  get(name: string): ClusterPool<C> | undefined {
    return this.#clusters.get(name);
  }

  /** Returns the retired pools: their idle connections are the caller's to close. `idOf` gives series ids. */
  apply(clusters: readonly Cluster[], idOf: (name: string) => number): EndpointPool<C>[] {
    const retired: EndpointPool<C>[] = [];
    const names = new Set<string>();
    for (const cluster of clusters) {
      names.add(cluster.name);
      let pool = this.#clusters.get(cluster.name);
      if (pool === undefined)
        this.#clusters.set(cluster.name, (pool = new ClusterPool<C>(cluster.name, this.#limits)));
      pool.id = idOf(cluster.name);
      retired.push(...pool.update(cluster));
    }
    for (const [name, pool] of this.#clusters) {
      if (names.has(name)) continue;
      this.#clusters.delete(name);
      retired.push(...pool.retire());
    }
    return retired;
  }
}
