import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, round } from './median.ts';

test('median of odd and even numbers of values, in any order', () => {
  assert.equal(median([5, 1, 10]), 5);
  assert.equal(median([4, 1, 2, 10]), 3);
  assert.ok(Number.isNaN(median([])));
});

test('rounding keeps numbers numbers', () => {
  assert.equal(round(17.0449, 2), 17.04);
  assert.equal(round(12, 1), 12);
});
