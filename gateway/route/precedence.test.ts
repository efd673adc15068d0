// The table against the definition: every match of every rule is tried, and the best of those that hold is the answer.
import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import type { Match, Rule, ValueMatch } from '../model/route.ts';
import type { RequestView } from './request-view.ts';
import { compileTable } from './table.ts';
import { naiveMatch } from './testbed/naive-match.ts';
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
      fc.record({ kind: fc.constant('method' as const), value: element }),
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
