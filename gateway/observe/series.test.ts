import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { Rule, VirtualHost } from '../model/route.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { OTHER, Series, SeriesIds } from './series.ts';

const rule = (route: string): Rule => ({ route, index: 0, matches: [], filters: [], backends: [] });
const host = (...routes: string[]): VirtualHost => ({ hostname: '', rules: routes.map(rule) });
const snapshot = (routes: string[], clusters: string[]): Snapshot => ({
  revision: 1,
  ports: [
    {
      port: 80,
      protocol: 'HTTP',
      listeners: [{ name: 'a/edge/http', hostname: '', hosts: [host(...routes)] }],
    },
  ],
  services: [{ name: 'a/shop:80', addresses: ['10.0.0.1'], port: 80, hosts: [host('a/mesh')] }],
  clusters: clusters.map((name) => ({ name, endpoints: [] })),
});

test('every listener, service frontend, route and cluster gets an id that stays', () => {
  const series = new Series();
  const first = series.learn(snapshot(['a/one', 'a/two'], ['a/x:80']));
  assert.deepEqual(first, {
    listeners: [OTHER, 'a/edge/http', 'a/shop:80'],
    routes: [OTHER, 'a/one', 'a/two', 'a/mesh'],
    clusters: [OTHER, 'a/x:80'],
  });
  const second = series.learn(snapshot(['a/three', 'a/two'], ['a/y:80', 'a/x:80']));
  assert.deepEqual(second.routes, [OTHER, 'a/one', 'a/two', 'a/mesh', 'a/three']);
  assert.deepEqual(second.clusters, [OTHER, 'a/x:80', 'a/y:80']);
  assert.deepEqual(
    first.routes,
    [OTHER, 'a/one', 'a/two', 'a/mesh'],
    'names given out earlier do not change',
  );
});

test('names beyond the cap share "other" and are counted', () => {
  const series = new Series({ listeners: 3, routes: 3, clusters: 2 });
  const names = series.learn(snapshot(['a/1', 'a/2', 'a/3', 'a/3'], ['x', 'y', 'z']));
  assert.deepEqual(names.routes, [OTHER, 'a/1', 'a/2']);
  assert.deepEqual(series.folded, { listeners: 0, routes: 2, clusters: 2 });
  const ids = new SeriesIds(names);
  assert.equal(ids.route('a/2'), 2);
  assert.equal(ids.route('a/3'), 0);
  assert.equal(ids.cluster('x'), 1);
  assert.equal(ids.cluster('z'), 0);
  assert.equal(ids.listener('a/shop:80'), 2);
});

test('a cap that leaves no room for "other" is refused', () => {
  assert.throws(() => new Series({ listeners: 0, routes: 1, clusters: 1 }), /at least 1, not 0/);
});
