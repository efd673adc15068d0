import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import { NONE, Recorder, sumRecorders } from './recorder.ts';
import {
  ACCESS_LOG,
  CLUSTER,
  DURATION_BOUNDS,
  FAILURE_CODES,
  FAILURE_INDEX,
  LISTENER,
  ROUTE,
  STATUS_CLASSES,
} from './recorder-layout.ts';

const CAPS = { listeners: 2, routes: 3, clusters: 2 };
const classOf = (name: (typeof STATUS_CLASSES)[number]): number => STATUS_CLASSES.indexOf(name);
const nonZero = ({ counts }: Recorder): Record<number, number> =>
  Object.fromEntries([...counts.entries()].filter(([, value]) => value !== 0));

test('a request is counted once per dimension, with its bytes, class and duration', () => {
  const recorder = Recorder.create(CAPS);
  recorder.requestDone(1, 2, 1, 204, 300, 10, 20);
  const { listeners, routes, clusters } = recorder.layout;
  const bucket = DURATION_BOUNDS.indexOf(500);
  assert.deepEqual(nonZero(recorder), {
    [listeners + LISTENER.width + classOf('2xx')]: 1,
    [listeners + LISTENER.width + LISTENER.bytesIn]: 10,
    [listeners + LISTENER.width + LISTENER.bytesOut]: 20,
    [routes + 2 * ROUTE.width + classOf('2xx')]: 1,
    [routes + 2 * ROUTE.width + ROUTE.buckets + bucket]: 1,
    [routes + 2 * ROUTE.width + ROUTE.sum]: 300,
    [clusters + CLUSTER.width + classOf('2xx')]: 1,
  });
});

test('status classes: no status and nonsense are "other"', () => {
  for (const [status, name] of [
    [0, 'other'],
    [101, 'other'],
    [200, '2xx'],
    [308, '3xx'],
    [404, '4xx'],
    [599, '5xx'],
    [600, 'other'],
    [999, 'other'],
  ] as const) {
    const recorder = Recorder.create(CAPS);
    recorder.requestDone(0, NONE, NONE, status, 1, 0, 0);
    assert.deepEqual(nonZero(recorder), { [classOf(name)]: 1 }, `status ${status}`);
  }
});

test('a duration falls into the first bucket whose bound it does not exceed', () => {
  const bucketOf = (micros: number): number => {
    const recorder = Recorder.create(CAPS);
    recorder.requestDone(0, 0, NONE, 200, micros, 0, 0);
    const start = recorder.layout.routes + ROUTE.buckets;
    return recorder.counts.subarray(start, start + DURATION_BOUNDS.length + 1).indexOf(1);
  };
  DURATION_BOUNDS.forEach((bound, index) => {
    assert.equal(bucketOf(bound), index, `${bound} us is within its bound`);
    assert.equal(bucketOf(bound + 0.001), index + 1, `just above ${bound} us`);
  });
  assert.equal(bucketOf(0), 0);
});

test('ids beyond the cap count as "other" and never touch a neighbour', () => {
  const recorder = Recorder.create(CAPS);
  recorder.requestDone(99, 99, 99, 200, 1, 0, 0);
  recorder.clientOpened(99);
  recorder.upstreamOpened(99);
  recorder.upstreamConnectFailed(99);
  const { listeners, routes, clusters } = recorder.layout;
  assert.equal(recorder.counts[listeners + classOf('2xx')], 1);
  assert.equal(recorder.counts[listeners + LISTENER.active], 1);
  assert.equal(recorder.counts[routes + classOf('2xx')], 1);
  assert.equal(recorder.counts[clusters + CLUSTER.active], 1);
  assert.equal(recorder.counts[clusters + CLUSTER.connectFailed], 1);
});

test('without a route or cluster only the listener counts', () => {
  const recorder = Recorder.create(CAPS);
  recorder.requestDone(1, NONE, NONE, 404, 7, 1, 1);
  const { routes } = recorder.layout;
  assert.equal(
    recorder.counts.subarray(routes).every((count) => count === 0),
    true,
  );
});

test('connections: totals stay, active goes down, and a dead worker leaves none', () => {
  const recorder = Recorder.create(CAPS);
  recorder.clientOpened(1);
  recorder.clientOpened(1);
  recorder.clientClosed(1);
  recorder.upstreamOpened(1);
  const listener = recorder.layout.listeners + LISTENER.width;
  const cluster = recorder.layout.clusters + CLUSTER.width;
  assert.equal(recorder.counts[listener + LISTENER.active], 1);
  recorder.forgetConnections();
  assert.equal(recorder.counts[listener + LISTENER.active], 0);
  assert.equal(recorder.counts[cluster + CLUSTER.active], 0);
  assert.equal(recorder.counts[listener + LISTENER.opened], 2);
  assert.equal(recorder.counts[cluster + CLUSTER.opened], 1);
});

test('failures and access log lines have counters of their own', () => {
  const recorder = Recorder.create(CAPS);
  FAILURE_CODES.forEach((code, times) => {
    for (let i = 0; i <= times; i++) recorder.failure(FAILURE_INDEX[code]);
  });
  recorder.accessLogWritten(5);
  recorder.accessLogDropped(2);
  const { failures, accessLog } = recorder.layout;
  assert.deepEqual(
    [...recorder.counts.subarray(failures, accessLog)],
    FAILURE_CODES.map((_, times) => times + 1),
  );
  assert.equal(recorder.counts[accessLog + ACCESS_LOG.written], 5);
  assert.equal(recorder.counts[accessLog + ACCESS_LOG.dropped], 2);
});

test('memory of other caps is refused', () => {
  const { buffer } = Recorder.create(CAPS).memory;
  assert.throws(() => Recorder.attach({ buffer, caps: { ...CAPS, routes: 4 } }), /recorder memory holds/);
});

test('a worker counts into memory that the main thread reads and sums', async () => {
  const ours = Recorder.create(CAPS);
  const theirs = Recorder.create(CAPS);
  ours.requestDone(1, 1, 1, 200, 10, 1, 2);
  const worker = new Worker(
    `import { workerData } from 'node:worker_threads';
     const { Recorder } = await import(workerData.module);
     Recorder.attach(workerData.memory).requestDone(1, 1, 1, 200, 20, 3, 4);`,
    {
      eval: true,
      workerData: { module: new URL('recorder.ts', import.meta.url).href, memory: theirs.memory },
    },
  );
  await once(worker, 'exit');
  const total = sumRecorders([ours, theirs], CAPS);
  const listener = total.layout.listeners + LISTENER.width;
  assert.equal(total.counts[listener + classOf('2xx')], 2);
  assert.equal(total.counts[listener + LISTENER.bytesIn], 4);
  assert.equal(total.counts[total.layout.routes + ROUTE.width + ROUTE.sum], 30);
});
