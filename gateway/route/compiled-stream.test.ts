// Which StreamRoute takes a connection, and that its backends take theirs in the order of the weights.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StreamRoute } from '../model/route.ts';
import { EMPTY_SNAPSHOT } from '../model/snapshot.ts';
import { compileStreams } from './compiled-stream.ts';
import { openCounters, PRIVATE_COUNTERS, WeightCells } from './weight-counters.ts';

function stream(route: string, hostnames: readonly string[], weights: readonly number[]): StreamRoute {
  const backends = weights.map((weight, index) => ({ weight, cluster: `c${index}`, filters: [] }));
  return { route, kind: 'TLSRoute', hostnames, backends };
}

test('the most specific name wins, then the first; no names means any', () => {
  const streams = compileStreams(
    [
      stream('d/any', [], [1]),
      stream('d/wild', ['*.example.com', 'x.org'], [1]),
      stream('d/exact', ['a.example.com'], [1]),
      stream('d/late', ['a.example.com', ''], [1]),
    ],
    PRIVATE_COUNTERS,
  );
  const routeOf = (name: string) => streams.find(name)?.route;
  assert.deepEqual(['a.example.com', 'b.example.com', 'x.org', 'example.com', ''].map(routeOf), [
    'd/exact',
    'd/wild',
    'd/wild',
    'd/any',
    'd/any',
  ]);
  assert.equal(compileStreams([stream('d/wild', ['*.a'], [1])], PRIVATE_COUNTERS).find(''), undefined);
});

test('weights are exact over all workers, and survive a new Snapshot', () => {
  const streams = [stream('d/s', [], [3, 0, 1])];
  const listener = { name: 'd/g/l', hostname: '', hosts: [], streams };
  const snapshot = {
    ...EMPTY_SNAPSHOT,
    ports: [{ port: 1, protocol: 'TLS', listeners: [listener] }],
  } as const;
  const cells = new WeightCells();
  const workers = [1, 2, 3].map(() => compileStreams(streams, openCounters(cells.plan(snapshot), 'd/g/l')));
  const taken: Record<string, number> = {};
  for (let connection = 0; connection < 4000; connection++) {
    const cluster = workers[connection % 3]?.find('')?.pickBackend()?.cluster ?? '';
    taken[cluster] = (taken[cluster] ?? 0) + 1;
  }
  assert.deepEqual(taken, { c0: 3000, c2: 1000 });
});

test('no weight at all: no backend', () => {
  assert.equal(
    compileStreams([stream('d/s', [], [0, 0])], PRIVATE_COUNTERS)
      .find('')
      ?.pickBackend(),
    undefined,
  );
});
