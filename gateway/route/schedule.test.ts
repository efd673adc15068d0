import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { compileSchedule } from './schedule.ts';

const weightLists = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 1_000_000 }),
    fc.integer({ min: 0, max: 100 }),
    fc.constantFrom(0, 1, 1_000_000),
  ),
  { minLength: 1, maxLength: 16 },
);

test('90/10 gives every tenth request to the lighter one', () => {
  const schedule = compileSchedule([90, 10]);
  const order = Array.from({ length: 20 }, (_, position) => schedule?.at(position));
  assert.deepEqual(order, [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
});

test('equal weights take turns', () => {
  const schedule = compileSchedule([5, 5, 5]);
  const order = Array.from({ length: 6 }, (_, position) => schedule?.at(position));
  assert.deepEqual(order, [0, 1, 2, 0, 1, 2]);
});

test('all zero: nobody is picked', () => {
  assert.equal(compileSchedule([0, 0]), undefined);
  assert.equal(compileSchedule([]), undefined);
});

test('a weight of zero is never picked', () => {
  fc.assert(
    fc.property(weightLists, (weights) => {
      const schedule = compileSchedule(weights);
      if (schedule === undefined) return;
      for (let position = 0; position < 3000; position++) {
        assert.notEqual(weights[schedule.at(position)], 0);
      }
    }),
    { numRuns: 60 },
  );
});

test('any 1,000 consecutive requests give every backend its share to within one', () => {
  fc.assert(
    fc.property(weightLists, fc.nat(2 ** 30), (weights, start) => assertShares(weights, start, 3000)),
    { numRuns: 100 },
  );
});

test('shares hold at the seams: between blocks and where the order repeats', () => {
  const cases = [
    [333_333, 333_333, 333_334],
    [999_850, ...Array.from({ length: 15 }, () => 10)],
    Array.from({ length: 16 }, (_, i) => 999_983 - i),
    [1, 1, 1, 1, 1, 1, 1],
    [997, 991, 983],
    [1, 1, 1_000_000],
  ];
  for (const weights of cases) {
    const period = compileSchedule(weights)?.period ?? 0;
    assertShares(weights, Math.max(0, period - 1500), 3000);
    assertShares(weights, 0, Math.min(period, 20_000));
  }
});

test('two backends are within one request in a stretch of any length, and exact over a period', () => {
  const weight = fc.integer({ min: 1, max: 1_000_000 });
  fc.assert(
    fc.property(weight, weight, fc.nat(2 ** 30), fc.integer({ min: 1, max: 5000 }), (a, b, start, length) => {
      const counts = count([a, b], start, length);
      assert.ok(Math.abs((counts[1] ?? 0) - (length * b) / (a + b)) < 1);
    }),
    { numRuns: 200 },
  );
  assert.deepEqual(count([3, 7], 5, 10), [3, 7]);
});

test('three or more backends are exact over 16 blocks where their shares allow it, and nobody is left out', () => {
  assert.deepEqual(count([1, 1, 1], 7, 3000), [1000, 1000, 1000]);
  assert.deepEqual(count([3, 5, 8], 0, 16), [3, 5, 8]);
  const rare = count([1, 1, 1_000_000], 0, 16_000);
  assert.ok((rare[0] ?? 0) >= 1 && (rare[1] ?? 0) >= 1);
});

test('the table of a schedule is bounded', () => {
  fc.assert(
    fc.property(weightLists, (weights) => {
      if (weights.filter((weight) => weight > 0).length < 3) return;
      assert.ok((compileSchedule(weights)?.period ?? 0) <= 16_000);
    }),
    { numRuns: 100 },
  );
});

function count(weights: readonly number[], start: number, length: number): number[] {
  const schedule = compileSchedule(weights);
  const counts = weights.map(() => 0);
  if (schedule === undefined) return counts;
  for (let position = start; position < start + length; position++) {
    const chosen = schedule.at(position);
    counts[chosen] = (counts[chosen] ?? 0) + 1;
  }
  return counts;
}

/** Slides a window of 1,000 over `length` positions from `start`. */
function assertShares(weights: readonly number[], start: number, length: number): void {
  const schedule = compileSchedule(weights);
  if (schedule === undefined) return;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const counts = count(weights, start, 1000);
  for (let position = start; position < start + length; position++) {
    for (const [i, weight] of weights.entries()) {
      const error = Math.abs((counts[i] ?? 0) - (1000 * weight) / total);
      assert.ok(error < 1, `backend ${i} of ${weights.join(':')} is off by ${error} at ${position}`);
    }
    const [leaving, entering] = [schedule.at(position), schedule.at(position + 1000)];
    counts[leaving] = (counts[leaving] ?? 0) - 1;
    counts[entering] = (counts[entering] ?? 0) + 1;
  }
}
