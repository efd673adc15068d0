// The table against the definition: every match of every rule is tried, and the best of those that hold is the answer.
import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import type { Match, Rule, ValueMatch } from '../model/route.ts';
import { findQueryValue } from './query-value.ts';
import type { RequestView } from './request-view.ts';
import { compileTable } from './table.ts';
import { PRIVATE_COUNTERS } from './weight-counters.ts';

const element = fc.constantFrom('a', 'ab', 'b');
const path = fc.array(element, { maxLength: 3 }).map((elements) => `/${elements.join('/')}`);
const name = fc.constantFrom('x', 'y', 'z');
const value = fc.constantFrom('1', '2');
const valueMatch: fc.Arbitrary<ValueMatch> = fc.oneof(
  fc.record({ kind: fc.constant('exact' as const), name, value }),
  fc.record({ kind: fc.constant('regex' as const), name, value: fc.constantFrom('1|2', '[13]', '.*') }),
);
const conditions = fc.uniqueArray(valueMatch, { maxLength: 2, selector: (match) => match.name });
const method = fc.constantFrom('GET', 'POST');
const match: fc.Arbitrary<Match> = fc
  .record({
    path: fc.oneof(
      fc.record({ kind: fc.constant('exact' as const), value: path }),
      fc.record({ kind: fc.constant('prefix' as const), value: path }),
      fc.record({
        kind: fc.constant('regex' as const),
        value: fc.constantFrom('/a.*', '/[ab]+', '/ab?', '.*/b', '/a|/b'),
      }),
    ),
    method: fc.option(method, { nil: undefined }),
    headers: conditions,
    query: conditions,
  })
  .map(({ method, ...rest }) => (method === undefined ? rest : { ...rest, method }));
const rules = fc
  .array(fc.array(match, { minLength: 1, maxLength: 3 }), { maxLength: 8 })
  .map((lists): Rule[] =>
    lists.map((matches, index) => ({ route: 'default/r', index, matches, filters: [], backends: [] })),
  );
const values = fc.dictionary(name, value, { maxKeys: 3, noNullPrototype: true });
const request: fc.Arbitrary<RequestView> = fc
  .record({ method, path, headers: values, query: values })
  .map(({ method, path, headers, query }) => ({
    method,
    path,
    host: 'h',
    query: new URLSearchParams(query).toString(),
    header: (key) => headers[key],
  }));

test('the table chooses what the precedence of the Gateway API says', () => {
  fc.assert(
    fc.property(rules, fc.array(request, { minLength: 1, maxLength: 10 }), (written, requests) => {
      const table = compileTable([{ hostname: '', rules: written }], PRIVATE_COUNTERS);
      for (const view of requests) {
        assert.equal(table.match(view)?.rule, naiveMatch(written, view));
      }
    }),
    { numRuns: 2000 },
  );
});

function naiveMatch(written: readonly Rule[], view: RequestView): Rule | undefined {
  const candidates = written
    .flatMap((rule) => rule.matches.map((match) => ({ rule, match })))
    .filter(({ match }) => holds(match, view));
  // Array.sort is stable: equals stay in the order written.
  return candidates.sort((a, b) => compare(rank(b.match), rank(a.match)))[0]?.rule;
}

function rank({ path, method, headers, query }: Match): number[] {
  const kind = { exact: 2, regex: 1, prefix: 0 }[path.kind];
  const length = path.kind === 'prefix' ? path.value.length : 0;
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
