import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTROL, FloodGuard, RESETS } from './flood-guard.ts';

const LIMITS = {
  maxStreamResets: 10,
  maxControlFrames: 3,
  maxEmptyFrames: 2,
  maxCrumbs: 1,
  maxUnreadReplies: 2,
};

const spent = (guard: FloodGuard, kind: number, now: number): number => {
  let count = 0;
  while (count < 100 && guard.spend(kind, now)) count++;
  return count;
};

test('so many at once, as many again in 30 seconds, kept apart by kind', () => {
  const guard = new FloodGuard(LIMITS, 1000);
  assert.equal(spent(guard, RESETS, 1000), 10);
  assert.equal(spent(guard, CONTROL, 1000), 3);
  assert.equal(spent(guard, RESETS, 16_000), 5);
  assert.equal(spent(guard, RESETS, 1_000_000), 10, 'never more than the limit');
});

test('work that is worth it earns back what was spent, up to the limit', () => {
  const guard = new FloodGuard(LIMITS, 0);
  guard.spend(RESETS, 0);
  guard.earn(RESETS, 5);
  assert.equal(spent(guard, RESETS, 0), 10);
  guard.earn(RESETS, 2);
  assert.equal(spent(guard, RESETS, 0), 2);
});

test('replies that nobody reads are few', () => {
  const guard = new FloodGuard(LIMITS, 0);
  assert.deepEqual([guard.queueReply(), guard.queueReply(), guard.queueReply()], [true, true, false]);
  guard.repliesRead();
  assert.equal(guard.queueReply(), true);
});
