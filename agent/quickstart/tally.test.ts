import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tally } from './tally.ts';

test('shares are of the answered requests and percentiles are nearest ranks', () => {
  const tally = new Tally();
  tally.add({
    requests: 6,
    failed: 1,
    versions: { v2: 1, v1: 4 },
    latenciesUs: [5, 1, 4, 2, 3, 6],
    reason: 'status 503',
  });
  assert.deepEqual(tally.summary(7), {
    requests: 6,
    failed: 1,
    shares: { v1: 0.8, v2: 0.2 },
    connectionsRedirected: 7,
    p50us: 3,
    p99us: 6,
  });
  assert.equal(tally.reason, 'status 503');
});

test('no request gives zeros, not NaN', () => {
  assert.deepEqual(new Tally().summary(0), {
    requests: 0,
    failed: 0,
    shares: {},
    connectionsRedirected: 0,
    p50us: 0,
    p99us: 0,
  });
});
