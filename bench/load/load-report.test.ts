import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBytes } from './load-report.ts';

test('answers on their way may be counted or not, short and long ones show', () => {
  const expected = { requests: 100, body: 1000, head: 200, inFlight: 4 };
  for (const bytes of [100_000, 110_000, 124_800]) assert.equal(checkBytes(bytes, expected), '');
  assert.equal(checkBytes(99_999, expected), '100 answers had 99999 bytes, not 100000 to 124800');
  assert.match(checkBytes(124_801, expected), /had 124801 bytes/);
});
