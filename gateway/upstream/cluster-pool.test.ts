import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterPool } from './cluster-pool.ts';
import { ClusterSet } from './cluster-set.ts';
import { EndpointPool, type Pooled } from './endpoint-pool.ts';

const LIMITS = { maxConnections: 2, maxIdleConnections: 2 };
const endpoint = (port: number): { address: string; port: number } => ({ address: '10.0.0.1', port });
const connection = (): Pooled => ({ poolIndex: -1 });

function clusterOf(...ports: number[]): ClusterPool<Pooled> {
  const cluster = new ClusterPool<Pooled>('a', LIMITS);
  cluster.update({ name: 'a', endpoints: ports.map(endpoint) });
  return cluster;
}

const picks = (cluster: ClusterPool<Pooled>, count: number, now = 0): (number | undefined)[] =>
  Array.from({ length: count }, () => cluster.pick(now)?.port);

test('endpoints take turns', () => {
  assert.deepEqual(picks(clusterOf(1, 2, 3), 7), [1, 2, 3, 1, 2, 3, 1]);
  assert.deepEqual(picks(clusterOf(1), 2), [1, 1]);
  assert.deepEqual(picks(clusterOf(), 1), [undefined]);
});

test('an endpoint that failed is passed over until its time is up, unless there is no other', () => {
  const cluster = clusterOf(1, 2);
  const failed = cluster.pick(0) ?? assert.fail();
  failed.failedUntil = 1000;
  assert.deepEqual(picks(cluster, 3, 999), [2, 2, 2]);
  assert.ok(picks(cluster, 3, 1001).includes(1));
  (cluster.pick(2000) ?? assert.fail()).failedUntil = 5000;
  (cluster.pick(2000) ?? assert.fail()).failedUntil = 5000;
  assert.notEqual(cluster.pick(2000), undefined, 'all failed: better one of them than none');
});

test('the endpoint to avoid is the last choice', () => {
  const cluster = clusterOf(1, 2);
  const first = cluster.pick(0);
  for (let i = 0; i < 4; i++) assert.equal(cluster.pick(0, first)?.port, 2);
  const alone = clusterOf(1);
  assert.equal(alone.pick(0, alone.pick(0))?.port, 1);
});

test('full endpoints are passed over while they have nothing idle', () => {
  const cluster = clusterOf(1, 2);
  const full = cluster.pick(0) ?? assert.fail();
  full.open = 2;
  assert.deepEqual(picks(cluster, 2), [2, 2]);
  full.give(connection());
  assert.ok(picks(cluster, 2).includes(1));
  full.take();
  (cluster.pick(0) ?? assert.fail()).open = 2;
  assert.equal(cluster.pick(0), undefined);
});

test('idle connections: the last one first, dead ones drop out wherever they are, no more than allowed', () => {
  const pool = new EndpointPool<Pooled>(endpoint(1), { maxConnections: 9, maxIdleConnections: 3 });
  const [a, b, c, d] = [connection(), connection(), connection(), connection()];
  assert.deepEqual(
    [a, b, c, d].map((one) => pool.give(one)),
    [true, true, true, false],
  );
  pool.drop(a);
  pool.drop(a);
  assert.equal(pool.idle.length, 2);
  const taken = [pool.take(), pool.take(), pool.take()];
  assert.deepEqual(new Set(taken), new Set([b, c, undefined]));
  assert.equal(b.poolIndex, -1);
  pool.drop(b);
  pool.retired = true;
  assert.equal(pool.give(b), false);
});

test('a new Snapshot keeps the pools of what stays and retires the rest', () => {
  const set = new ClusterSet<Pooled>(LIMITS);
  const ids = (name: string): number => (name === 'a' ? 1 : 2);
  assert.deepEqual(
    set.apply(
      [
        { name: 'a', endpoints: [endpoint(1), endpoint(2)] },
        { name: 'b', endpoints: [endpoint(3)] },
      ],
      ids,
    ),
    [],
  );
  const a = set.get('a') ?? assert.fail();
  const kept = a.pick(0);
  const retired = set.apply([{ name: 'a', endpoints: [endpoint(1), endpoint(4)] }], ids);
  assert.deepEqual(
    retired.map((pool) => [pool.port, pool.retired]),
    [
      [2, true],
      [3, true],
    ],
  );
  assert.equal(set.get('a'), a);
  assert.equal(set.get('b'), undefined);
  assert.equal(
    [a.pick(0), a.pick(0)].find((pool) => pool?.port === 1),
    kept,
  );
  assert.equal(a.id, 1);
});
