import assert from 'node:assert/strict';
import test from 'node:test';
import type { Match, PathMatch, Rule, ValueMatch } from '../model/route.ts';
import type { RequestView } from './request-view.ts';
import { compileTable } from './table.ts';
import { PRIVATE_COUNTERS } from './weight-counters.ts';

type Written = Partial<Omit<Match, 'path'>> & { path?: string | PathMatch };

/** Rules named by what should be chosen; each with one match. */
function find(
  rules: Readonly<Record<string, Written | Written[]>>,
  request: Partial<RequestView>,
): string | undefined {
  const table = compileTable([{ hostname: '', rules: writeRules(rules) }], PRIVATE_COUNTERS);
  return table.match(viewOf(request))?.rule.name;
}

function writeRules(rules: Readonly<Record<string, Written | Written[]>>): Rule[] {
  return Object.entries(rules).map(([name, matches], index) => ({
    route: 'default/route',
    index,
    name,
    matches: [matches].flat().map(writeMatch),
    filters: [],
    backends: [],
  }));
}

function writeMatch({ path = '/', ...others }: Written): Match {
  const full: PathMatch = typeof path === 'string' ? { kind: 'prefix', value: path } : path;
  return { path: full, headers: [], query: [], ...others };
}

function viewOf(request: Partial<RequestView>, headers: Readonly<Record<string, string>> = {}): RequestView {
  return {
    method: 'GET',
    host: 'example.com',
    path: '/',
    query: '',
    header: (name) => headers[name],
    ...request,
  };
}

const equals = (name: string, value: string): ValueMatch => ({ kind: 'exact', name, value });
const withHeaders = (headers: Readonly<Record<string, string>>): Partial<RequestView> => ({
  header: (name) => headers[name],
});

test('exact wins over regex, regex over prefix', () => {
  const rules = {
    prefix: { path: '/a/b' },
    regex: { path: { kind: 'regex', value: '/a/.*' } as const },
    exact: { path: { kind: 'exact', value: '/a/b' } as const },
  };
  assert.equal(find(rules, { path: '/a/b' }), 'exact');
  assert.equal(find(rules, { path: '/a/bc' }), 'regex');
  assert.equal(find(rules, { path: '/a/b/c' }), 'regex');
  assert.equal(find({ prefix: rules.prefix }, { path: '/a/b/c' }), 'prefix');
});

test('the longest prefix wins, and counts for more than method and headers', () => {
  const rules = {
    short: { path: '/match', method: 'GET', headers: [equals('version', 'one')] },
    long: { path: '/match/prefix' },
  };
  assert.equal(find(rules, { path: '/match/prefix/x', ...withHeaders({ version: 'one' }) }), 'long');
  assert.equal(find(rules, { path: '/match/x', ...withHeaders({ version: 'one' }) }), 'short');
});

test('a longer prefix whose conditions fail gives way to a shorter one', () => {
  const rules = { long: { path: '/a/b', method: 'POST' }, short: { path: '/a' } };
  assert.equal(find(rules, { path: '/a/b' }), 'short');
  assert.equal(find(rules, { path: '/a/b', method: 'POST' }), 'long');
});

test('a failing exact path gives way to a prefix', () => {
  const rules = {
    exact: { path: { kind: 'exact', value: '/a' } as const, method: 'POST' },
    prefix: { path: '/a' },
  };
  assert.equal(find(rules, { path: '/a' }), 'prefix');
});

test('a method wins over headers, more headers over fewer, headers over query', () => {
  const request = { query: 'a=1', ...withHeaders({ a: '1', b: '2' }) };
  const header = equals('a', '1');
  const method = { method: 'GET' };
  const two = { headers: [header, equals('b', '2')] };
  const one = { headers: [header] };
  const query = { query: [equals('a', '1')] };
  assert.equal(find({ query, one, two, method }, request), 'method');
  assert.equal(find({ query, one, two }, request), 'two');
  assert.equal(find({ query, one }, request), 'one');
  assert.equal(find({ plain: {}, query }, request), 'query');
});

test('among equals the first rule wins', () => {
  assert.equal(find({ first: {}, second: {} }, {}), 'first');
  const regex = { path: { kind: 'regex', value: '/.*' } as const };
  const longer = { path: { kind: 'regex', value: '/[a-z]*.*' } as const };
  assert.equal(find({ regex, longer }, { path: '/x' }), 'regex');
});

test('any one of a rule’s matches is enough; all parts of a match must hold', () => {
  const rules = {
    rule: [{ path: '/path3', query: [equals('animal', 'shark')] }, { headers: [equals('v', '3')] }],
  };
  assert.equal(find(rules, { path: '/path3', query: 'animal=shark' }), 'rule');
  assert.equal(find(rules, { path: '/other', ...withHeaders({ v: '3' }) }), 'rule');
  assert.equal(find(rules, { path: '/path3', query: 'animal=whale' }), undefined);
  assert.equal(find(rules, { path: '/other', query: 'animal=shark' }), undefined);
});

test('regular expressions match whole header and query values', () => {
  const rules = {
    header: { headers: [{ kind: 'regex', name: 'v', value: 'v[0-9]+' } as const] },
    query: { query: [{ kind: 'regex', name: 'q', value: 'a|b' } as const] },
  };
  assert.equal(find(rules, withHeaders({ v: 'v12' })), 'header');
  assert.equal(find(rules, withHeaders({ v: 'xv12' })), undefined);
  assert.equal(find(rules, { query: 'q=b' }), 'query');
  assert.equal(find(rules, { query: 'q=ab' }), undefined);
});

test('methods are case-sensitive', () => {
  assert.equal(find({ rule: { method: 'GET' } }, { method: 'get' }), undefined);
});

test('only the most specific hostname is asked, even if its rules do not match', () => {
  const table = compileTable(
    [
      { hostname: '*.example.com', rules: writeRules({ wildcard: {} }) },
      { hostname: 'foo.example.com', rules: writeRules({ exact: { path: '/only' } }) },
    ],
    PRIVATE_COUNTERS,
  );
  assert.equal(table.match(viewOf({ host: 'foo.example.com', path: '/only' }))?.rule.name, 'exact');
  assert.equal(table.match(viewOf({ host: 'foo.example.com', path: '/x' })), undefined);
  assert.equal(table.match(viewOf({ host: 'bar.example.com', path: '/x' }))?.rule.name, 'wildcard');
  assert.equal(table.match(viewOf({ host: 'example.com' })), undefined);
});

test('an empty table matches nothing', () => {
  assert.equal(compileTable([], PRIVATE_COUNTERS).match(viewOf({})), undefined);
});

test('a rule under several hostnames is compiled once, so its weights count together', () => {
  const [rule] = writeRules({ shared: {} });
  assert.ok(rule !== undefined);
  const rules = [rule];
  const table = compileTable(
    [
      { hostname: 'a.b', rules },
      { hostname: 'c.d', rules },
    ],
    PRIVATE_COUNTERS,
  );
  assert.equal(table.match(viewOf({ host: 'a.b' })), table.match(viewOf({ host: 'c.d' })));
});

test('without a weight above zero no backend is picked', () => {
  const [rule] = writeRules({ rule: {} });
  assert.ok(rule !== undefined);
  const backends = [{ weight: 0, cluster: 'a/b:1', filters: [] }];
  const table = compileTable([{ hostname: '', rules: [{ ...rule, backends }] }], PRIVATE_COUNTERS);
  assert.equal(table.match(viewOf({}))?.pickBackend(), undefined);
});

test('a backend’s filters come after its rule’s', () => {
  const [rule] = writeRules({ rule: {} });
  assert.ok(rule !== undefined);
  const set = (value: string) => ({
    kind: 'request-headers' as const,
    set: [{ name: 'X', value }],
    add: [],
    remove: [],
  });
  const backends = [{ weight: 1, cluster: 'a/b:1', filters: [set('backend')] }];
  const table = compileTable(
    [{ hostname: '', rules: [{ ...rule, filters: [set('rule')], backends }] }],
    PRIVATE_COUNTERS,
  );
  const matched = table.match(viewOf({}));
  assert.equal(matched?.filters.requestAppend?.toString(), 'X: rule\r\n');
  assert.equal(matched?.pickBackend()?.filters?.requestAppend?.toString(), 'X: backend\r\n');
});

test('a gRPC method of any service gives way to every service, and comes before what takes all', () => {
  const rules = {
    all: {},
    method: { path: { kind: 'method', value: 'Get' } },
    service: { path: { kind: 'prefix', value: '/shop.Cart' } },
  } as const;
  const chosen = ['/shop.Cart/Get', '/shop.User/Get', '/shop.User/Got', '/Get', '/a/b/Get'].map((path) =>
    find(rules, { path }),
  );
  assert.deepEqual(chosen, ['service', 'method', 'all', 'all', 'all']);
});
