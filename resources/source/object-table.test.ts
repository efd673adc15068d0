// What happens to objects over time: identity, generation, age, and which of two places counts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_RESOURCES } from '../store/resources.ts';
import { readManifestFile } from './manifest-file.ts';
import { readManifests } from './manifests.ts';
import { ObjectTable } from './object-table.ts';

const file = (path: string, ...objects: readonly string[]): ReturnType<typeof readManifestFile> =>
  readManifestFile(path, objects.join('---\n'));

function route(name: string, weight: number, extra = ''): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}${extra} }
spec: { rules: [{ backendRefs: [{ name: s, port: 80, weight: ${weight} }] }] }
`;
}

test('what did not change keeps its identity', () => {
  const table = new ObjectTable();
  const first = table.update([file('a.yaml', route('a', 1), route('b', 1))]).resources;
  assert.equal(table.update([file('a.yaml', route('a', 1), route('b', 1))]).resources.httpRoutes.length, 2);
  // Another text with the same documents: parsed anew here, so equal but not the same.
  const cached = readManifestFile(
    'a.yaml',
    `${route('a', 1)}---\n${route('b', 2)}`,
    file('a.yaml', route('a', 1), route('b', 1)),
  );
  const table2 = new ObjectTable();
  const before = file('a.yaml', route('a', 1), route('b', 1));
  const one = table2.update([before]).resources;
  assert.equal(table2.update([before]).resources, one);
  const two = table2.update([readManifestFile('a.yaml', cached.text, before)]).resources;
  assert.equal(two.httpRoutes[0], one.httpRoutes[0]);
  assert.notEqual(two.httpRoutes[1], one.httpRoutes[1]);
  assert.equal(two.services, one.services);
  assert.equal(table2.update([]).resources.services, EMPTY_RESOURCES.services);
  assert.ok(
    Object.isFrozen(first) &&
      Object.isFrozen(first.httpRoutes) &&
      Object.isFrozen(first.httpRoutes[0]?.metadata),
  );
});

test('generation grows with the spec, not with metadata', () => {
  const table = new ObjectTable();
  const generation = (text: string): number | undefined =>
    table.update([file('a.yaml', text)]).resources.httpRoutes[0]?.metadata.generation;
  assert.equal(generation(route('a', 1)), 1);
  assert.equal(generation(route('a', 2)), 2);
  assert.equal(generation(`# a comment\n${route('a', 2)}`), 2);
  assert.equal(generation(route('a', 2, ', labels: { x: y }')), 2);
  assert.equal(generation(route('a', 1)), 3);
});

test('objects seen together are of one age, later ones are younger, and age survives edits', () => {
  const table = new ObjectTable();
  const ages = (...objects: readonly string[]): Record<string, string> =>
    Object.fromEntries(
      table
        .update([file('a.yaml', ...objects)])
        .resources.httpRoutes.map(({ metadata }) => [metadata.name, metadata.creationTimestamp]),
    );
  const first = ages(route('b', 1), route('a', 1));
  assert.equal(first['a'], first['b']);
  assert.match(first['a'] ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const second = ages(route('b', 2), route('a', 1), route('n0', 1));
  assert.equal(second['b'], first['b']);
  const third = ages(route('b', 2), route('a', 1), route('n0', 1), route('n1', 1));
  assert.ok((first['b'] ?? '') < (third['n0'] ?? '') && (third['n0'] ?? '') < (third['n1'] ?? ''));
  // Removed and written again is created again.
  ages(route('a', 1));
  assert.ok((ages(route('a', 1), route('b', 1))['b'] ?? '') > (third['n1'] ?? ''));
});

test('a creationTimestamp that was written counts, in UTC and whole seconds', () => {
  const { resources } = readManifests(route('a', 1, ', creationTimestamp: 2020-01-01T02:00:00.5+01:00'), 'x');
  assert.equal(resources.httpRoutes[0]?.metadata.creationTimestamp, '2020-01-01T01:00:00Z');
});

test('lists are in order of namespace, then name', () => {
  const { resources } = readManifests(
    ['b', 'a, namespace: z', 'c, namespace: a'].map((name) => route(name, 1)).join('---\n'),
    'x',
  );
  assert.deepEqual(
    resources.httpRoutes.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    ['a/c', 'default/b', 'z/a'],
  );
});

test('of two places the one that is served already goes on being served', () => {
  const table = new ObjectTable();
  const weight = (result: ReturnType<typeof table.update>): unknown =>
    result.resources.httpRoutes[0]?.spec.rules[0]?.backendRefs?.[0]?.weight;
  const old = file('b.yaml', route('a', 1));
  assert.equal(weight(table.update([old])), 1);
  const both = table.update([file('a.yaml', '# one\n', route('a', 2)), old]);
  assert.equal(weight(both), 1);
  assert.deepEqual(
    both.findings.map(({ code, file, line, message }) => `${file}:${line} ${code} ${message}`),
    ['a.yaml:3 SLU0110 also at b.yaml:1:1, which is served'],
  );
  assert.equal(weight(table.update([file('a.yaml', route('a', 2))])), 2);
});

test('without a history the first place counts', () => {
  const result = new ObjectTable().update([file('a.yaml', route('a', 1)), file('b.yaml', route('a', 2))]);
  assert.deepEqual(
    result.findings.map(({ file, message }) => [file, message]),
    [['b.yaml', 'also at a.yaml:1:1, which is served']],
  );
  assert.equal(table(result), 1);
});

test('the same object twice in one file is an error of that file', () => {
  const twice = file('a.yaml', route('a', 1), route('a', 2));
  assert.ok(twice.bad);
  assert.deepEqual(
    twice.findings.map(({ line, code, message }) => `${line} ${code} ${message}`),
    ['6 SLU0110 also at a.yaml:1:1, which is served'],
  );
});

function table(result: {
  resources: {
    httpRoutes: readonly { spec: { rules: readonly { backendRefs?: readonly { weight: number }[] }[] } }[];
  };
}): unknown {
  return result.resources.httpRoutes[0]?.spec.rules[0]?.backendRefs?.[0]?.weight;
}
