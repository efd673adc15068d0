// Where a field stands in a YAML document: at its key, or, for an item of a list, at the item's first character.
import { isAlias, isMap, isScalar, isSeq, type Document, type Node, type Pair } from 'yaml';
import type { Step } from '../validate/problem.ts';

/** Offset of the deepest part of `path` that exists. */
export function offsetOf(document: Document.Parsed, path: readonly Step[]): number {
  let node: Node | null | undefined = document.contents;
  let offset = start(node) ?? document.range[0];
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair: Pair | undefined = findPair(document, node.items, String(step));
      if (pair === undefined) break;
      offset = start(pair.key as Node) ?? offset;
      // Below a merge key the place of the merge is as near as it gets.
      if (keyOf(pair) !== String(step)) break;
      node = pair.value as Node | null;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] as Node | null | undefined;
      if (item === undefined || item === null) break;
      offset = start(item) ?? offset;
      node = item;
    } else break;
  }
  return offset;
}

/** The pair of that key, or else the merge key (<<) that may bring it. */
function findPair(document: Document, pairs: readonly Pair[], key: string): Pair | undefined {
  const own = pairs.find((pair) => keyOf(pair) === key);
  if (own !== undefined) return own;
  return pairs.find((pair) => {
    if (keyOf(pair) !== '<<') return false;
    const value = isAlias(pair.value) ? pair.value.resolve(document) : pair.value;
    return isMap(value) && value.has(key);
  });
}

function keyOf(pair: Pair): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined;
}

function start(node: Node | null | undefined): number | undefined {
  return node?.range?.[0];
}
