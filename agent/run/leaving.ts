// A Service whose last HTTPRoute went away: the kernel still sends the proxy connections for it until the datapath has
// flipped, and connections already made live on. The proxy knows it for one revision more, so that none of them is cut.
import type { Snapshot } from '#gateway/model/snapshot';

/** `next`, and what only `before` has of Service frontends and the Clusters that they need. */
export function withLeaving(next: Snapshot, before: Snapshot): Snapshot {
  const known = new Set(next.services.map(({ name }) => name));
  const leaving = before.services.filter(({ name }) => !known.has(name));
  if (leaving.length === 0) return next;
  const named = new Set(next.clusters.map(({ name }) => name));
  const clusters = before.clusters.filter(({ name }) => !named.has(name));
  return { ...next, services: [...next.services, ...leaving], clusters: [...next.clusters, ...clusters] };
}
