// YAML aliases: which lead nowhere, and what they stand for, written out.
import { visit, type Document } from 'yaml';

/** Values that a document may hold once its aliases are written out. */
const MAX_VALUES = 1_000_000;

export interface UnknownAlias {
  readonly name: string;
  readonly offset: number;
}

export function unknownAliases(document: Document.Parsed): readonly UnknownAlias[] {
  const unknown: UnknownAlias[] = [];
  visit(document, {
    Alias(_key, node) {
      if (node.resolve(document) === undefined)
        unknown.push({ name: node.source, offset: node.range?.[0] ?? 0 });
    },
  });
  return unknown;
}

/**
 * A copy in which nothing is shared: completing the object at one place must not change that at another. Throws when
 * it would hold too much (aliases of aliases multiply).
 */
export function writeOutAliases(value: unknown): unknown {
  return copy(value, { left: MAX_VALUES });
}

function copy(value: unknown, budget: { left: number }): unknown {
  if (--budget.left < 0) throw new Error(`aliases expand to more than ${MAX_VALUES} values`);
  if (Array.isArray(value)) return value.map((item) => copy(item, budget));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item, budget)]));
}
