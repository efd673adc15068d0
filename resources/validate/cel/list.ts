// Kubernetes' CEL functions on lists: isSorted, sum, min, max, indexOf, lastIndexOf.
// https://pkg.go.dev/k8s.io/apiserver/pkg/cel/library#Lists
import type { Environment } from '@marcbachmann/cel-js';

type Item = bigint | number | string | boolean;

export function registerLists(environment: Environment): void {
  environment
    .registerFunction('list.isSorted(): bool', (list: readonly Item[]) =>
      list.every((item, index) => index === 0 || (list[index - 1] ?? item) <= item),
    )
    .registerFunction('list.sum(): dyn', (list: readonly (bigint | number)[]) =>
      // An empty list of integers sums to 0; of doubles it cannot be told apart.
      list.length === 0 ? 0n : list.reduce((a, b) => add(a, b)),
    )
    .registerFunction('list.min(): dyn', (list: readonly Item[]) => extreme(list, (a, b) => a < b))
    .registerFunction('list.max(): dyn', (list: readonly Item[]) => extreme(list, (a, b) => a > b))
    .registerFunction('list.indexOf(dyn): int', (list: readonly Item[], item: Item) =>
      BigInt(list.indexOf(item)),
    )
    .registerFunction('list.lastIndexOf(dyn): int', (list: readonly Item[], item: Item) =>
      BigInt(list.lastIndexOf(item)),
    );
}

function add(a: bigint | number, b: bigint | number): bigint | number {
  return typeof a === 'bigint' && typeof b === 'bigint' ? a + b : Number(a) + Number(b);
}

function extreme(list: readonly Item[], better: (a: Item, b: Item) => boolean): Item {
  const first = list[0];
  if (first === undefined) throw new Error('min and max are not defined for an empty list');
  return list.reduce((best, item) => (better(item, best) ? item : best), first);
}
