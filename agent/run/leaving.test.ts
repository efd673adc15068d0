import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_SNAPSHOT, type ServiceFrontend, type Snapshot } from '#gateway/model/snapshot';
import { withLeaving } from './leaving.ts';

const frontend = (name: string): ServiceFrontend => ({ name, addresses: ['10.0.0.1'], port: 80, hosts: [] });
const snapshot = (services: readonly string[], clusters: readonly string[]): Snapshot => ({
  ...EMPTY_SNAPSHOT,
  services: services.map(frontend),
  clusters: clusters.map((name) => ({ name, endpoints: [] })),
});

test('a frontend that leaves stays for one revision, with the clusters that it needs', () => {
  const merged = withLeaving(snapshot(['a'], ['x']), snapshot(['a', 'b'], ['x', 'y']));
  assert.deepEqual(
    merged.services.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.deepEqual(
    merged.clusters.map(({ name }) => name),
    ['x', 'y'],
  );
});

test('nothing leaving: the snapshot itself, clusters of old rules not kept', () => {
  const next = snapshot(['a', 'b'], ['x']);
  assert.equal(withLeaving(next, snapshot(['a'], ['x', 'y'])), next);
});
