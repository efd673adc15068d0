// Precedence between objects that ask for the same thing: the older one, then the one first in alphabetical order by
// "{namespace}/{name}" (HTTPRouteRule.matches).
import type { NamespacedObjectMeta } from '#resources/type/meta.gen';

interface Aged {
  readonly metadata: NamespacedObjectMeta;
}

export function sortByAge<T extends Aged>(objects: readonly T[]): T[] {
  return objects
    .map((object) => ({ object, created: createdAt(object), name: keyOf(object) }))
    .sort((a, b) => a.created - b.created || compare(a.name, b.name))
    .map(({ object }) => object);
}

/** `namespace/name`. */
export function keyOf({ metadata }: Aged): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** An object without a readable timestamp is younger than all others. */
function createdAt({ metadata }: Aged): number {
  const time = Date.parse(metadata.creationTimestamp);
  return Number.isNaN(time) ? Number.MAX_SAFE_INTEGER : time;
}

/** Objects of different kinds may have one name: they stay in the order given. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
