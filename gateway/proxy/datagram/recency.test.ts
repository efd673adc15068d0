// The order of last use, against a list that is searched.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Recency, type Recent } from './recency.ts';

class Session implements Recent<Session> {
  older: Session | null = null;
  newer: Session | null = null;
}

test('whatever is added, touched and removed, the oldest is the oldest', () => {
  const recency = new Recency<Session>();
  let expected: Session[] = [];
  let state = 7;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  for (let step = 0; step < 5000; step++) {
    const chosen = expected[random(Math.max(1, expected.length))];
    const kind = random(3);
    if (kind === 0 || chosen === undefined) {
      const session = new Session();
      recency.add(session);
      expected.push(session);
    } else {
      expected = expected.filter((session) => session !== chosen);
      if (kind === 1) {
        recency.touch(chosen);
        expected.push(chosen);
      } else recency.remove(chosen);
    }
    assert.equal(recency.oldest, expected[0] ?? null);
    assert.equal(recency.count, expected.length);
  }
  const order: Session[] = [];
  for (let session = recency.oldest; session !== null; session = session.newer) order.push(session);
  assert.deepEqual(order, expected);
});
