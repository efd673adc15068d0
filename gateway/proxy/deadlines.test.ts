import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Channel } from './channel.ts';
import { Deadlines, type Timed, TICK } from './deadlines.ts';

class Plain extends Channel {
  onData(): void {}
  onEnd(): void {}
  onError(): void {}
  onConnected(): void {}
  onProgress(): void {}
  onDrained(): void {}
  onDeadline(): void {}
  onClosed(): void {}
  abandon(): void {}
}

function expired(deadlines: Deadlines, now: number): Timed[] {
  const timed: Timed[] = [];
  if (deadlines.advance(now)) deadlines.sweep((one) => timed.push(one));
  return timed;
}

test('a deadline passes once, never early, and at most two ticks late', () => {
  const deadlines = new Deadlines();
  const channel = new Plain();
  deadlines.advance(1000);
  deadlines.add(channel);
  deadlines.set(channel, 250);
  for (let now = 1000; now < 1250; now += 10) assert.deepEqual(expired(deadlines, now), [], `at ${now}`);
  const late = Array.from({ length: 40 }, (_, i) => 1250 + i * 10).find(
    (now) => expired(deadlines, now).length > 0,
  );
  assert.ok(late !== undefined && late <= 1250 + 2 * TICK, `passed at ${late}`);
  assert.deepEqual(expired(deadlines, 100_000), []);
});

test('setting anew moves a deadline, clearing and removing ends it', () => {
  const deadlines = new Deadlines();
  deadlines.advance(0);
  const [moved, cleared, removed] = [new Plain(), new Plain(), new Plain()];
  for (const channel of [moved, cleared, removed]) {
    deadlines.add(channel);
    deadlines.set(channel, 100);
  }
  deadlines.set(moved, 10_000);
  deadlines.clear(cleared);
  deadlines.remove(removed);
  assert.equal(deadlines.size, 2);
  assert.deepEqual(expired(deadlines, 5000), []);
  assert.deepEqual(expired(deadlines, 20_000), [moved]);
});

test('a place is given to the next channel without the deadline of the last', () => {
  const deadlines = new Deadlines();
  deadlines.advance(0);
  const first = new Plain();
  deadlines.add(first);
  deadlines.set(first, 100);
  const { slot } = first;
  deadlines.remove(first);
  const second = new Plain();
  deadlines.add(second);
  assert.equal(second.slot, slot);
  assert.deepEqual(expired(deadlines, 10_000), []);
});

test('the table grows', () => {
  const deadlines = new Deadlines();
  deadlines.advance(0);
  const channels = Array.from({ length: 3000 }, () => new Plain());
  for (const channel of channels) {
    deadlines.add(channel);
    deadlines.set(channel, 100);
  }
  assert.equal(expired(deadlines, 10_000).length, channels.length);
});
