import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderLoad, summariseLoad } from './load-summary.ts';

test('percentiles, failures by reason, idle closes', () => {
  const latencies = Array.from({ length: 200 }, (_, index) => 200 - index);
  const summary = summariseLoad({ latencies, failures: ['cut', 'status 503', 'cut'], idleCloses: 4 });
  assert.deepEqual(summary, {
    requests: 203,
    failed: 3,
    idleCloses: 4,
    p50: 100,
    p99: 198,
    max: 200,
    reasons: ['2 x cut', '1 x status 503'],
  });
  assert.equal(
    renderLoad(summary),
    '203 requests, 3 failed, 4 idle closes, p50 / p99 / max 100 / 198 / 200 ms',
  );
});

test('nothing answered', () => {
  const { requests, p50, max } = summariseLoad({ latencies: [], failures: [], idleCloses: 0 });
  assert.deepEqual([requests, p50, max], [0, 0, 0]);
});
