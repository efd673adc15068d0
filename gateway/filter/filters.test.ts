import assert from 'node:assert/strict';
import test from 'node:test';
import { compileFilters, NO_FILTERS } from './filters.ts';
import { parseRewrite } from './rewrite/config.ts';

test('no filters are one shared object', () => {
  assert.equal(compileFilters([]), NO_FILTERS);
});

test('request and response headers are kept apart', () => {
  const compiled = compileFilters([
    { kind: 'request-headers', set: [{ name: 'A', value: '1' }], add: [], remove: [] },
    { kind: 'response-headers', set: [], add: [], remove: ['server'] },
  ]);
  assert.equal(compiled.requestAppend?.toString(), 'A: 1\r\n');
  assert.deepEqual(compiled.requestDrop, new Set(['a']));
  assert.equal(compiled.responseAppend, undefined);
  assert.deepEqual(compiled.responseDrop, new Set(['server']));
});

test('a rewrite changes host and path; what it does not name stays', () => {
  const { rewrite } = compileFilters([{ kind: 'rewrite', hostname: 'inner' }]);
  assert.equal(rewrite?.host, 'inner');
  assert.equal(rewrite?.path('/a'), '/a');
});

test('of two rewrites the later wins, part by part', () => {
  const { rewrite } = compileFilters([
    { kind: 'rewrite', hostname: 'rule', path: { kind: 'full', value: '/rule' } },
    { kind: 'rewrite', path: { kind: 'prefix', match: '/a', value: '/b' } },
  ]);
  assert.equal(rewrite?.host, 'rule');
  assert.equal(rewrite?.path('/a/c'), '/b/c');
});

test('a rewrite as written', () => {
  const path = { type: 'ReplacePrefixMatch', replacePrefixMatch: '/b' } as const;
  assert.deepEqual(parseRewrite({ hostname: 'In.Example', path }, '/a'), {
    filter: { kind: 'rewrite', hostname: 'in.example', path: { kind: 'prefix', match: '/a', value: '/b' } },
    issues: [],
  });
  assert.equal(parseRewrite({ path }, undefined).issues[0]?.field, 'urlRewrite.path.type');
});
