import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinTurns, type Turn } from './http1-sample.ts';

const turn = (requests: number, cpuNs: number, p50us: number): Turn => ({
  cpuNs,
  requests,
  seconds: 1,
  p50us,
  p99us: p50us * 2,
  rssBytes: requests,
  errors: 1,
});

test('a round is the sum of its turns, not the mean of their ratios', () => {
  const sample = joinTurns([turn(100, 1e6, 10), turn(300, 9e6, 30), turn(100, 2e6, 20)]);
  assert.deepEqual(sample, {
    cpuUs: 24,
    perSecond: 500 / 3,
    coreUse: 0.004,
    p50us: 20,
    p99us: 40,
    rssBytes: 300,
    errors: 3,
  });
});
