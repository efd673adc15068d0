// Precedence as the Gateway API defines it, in the plainest words: every match of every rule is tried, and the best of those that
// hold is the answer. What the route table is held against.
import type { Match, Rule, ValueMatch } from '../../model/route.ts';
import { findQueryValue } from '../query-value.ts';
import type { RequestView } from '../request-view.ts';

/** `written` in order of precedence among equals. */
export function naiveMatch(written: readonly Rule[], view: RequestView): Rule | undefined {
  const candidates = written
    .flatMap((rule) => rule.matches.map((match) => ({ rule, match })))
    .filter(({ match }) => holds(match, view));
  // Array.sort is stable: equals stay in the order written.
  return candidates.sort((a, b) => compare(rank(b.match), rank(a.match)))[0]?.rule;
}

function rank({ path, method, headers, query }: Match): number[] {
  // A gRPC method of any service is as weak as a prefix of nothing, and next to nothing stronger.
  const kind = { exact: 2, regex: 1, prefix: 0, method: 0 }[path.kind];
  const length = { exact: 0, regex: 0, prefix: path.value.length, method: 1.5 }[path.kind];
  return [kind, length, method === undefined ? 0 : 1, headers.length, query.length];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, left] of a.entries()) if (left !== b[i]) return left - (b[i] ?? 0);
  return 0;
}

function holds({ path, method, headers, query }: Match, view: RequestView): boolean {
  const pathHolds =
    path.kind === 'exact'
      ? view.path === path.value
      : path.kind === 'regex'
        ? new RegExp(`^(?:${path.value})$`).test(view.path)
        : path.kind === 'method'
          ? /^\/[^/]*\/([^/]+)$/.exec(view.path)?.[1] === path.value
          : path.value === '/' || view.path === path.value || view.path.startsWith(`${path.value}/`);
  return (
    pathHolds &&
    (method === undefined || method === view.method) &&
    headers.every((match) => valueHolds(match, view.header(match.name))) &&
    query.every((match) => valueHolds(match, findQueryValue(view.query, match.name)))
  );
}

function valueHolds(match: ValueMatch, actual: string | undefined): boolean {
  if (actual === undefined) return false;
  return match.kind === 'exact' ? actual === match.value : new RegExp(`^(?:${match.value})$`).test(actual);
}
