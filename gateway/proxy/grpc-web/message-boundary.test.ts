import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageBoundary } from './message-boundary.ts';

test('between messages, whatever their length and however they are cut', () => {
  const bytes = Buffer.concat(
    [0, 1, 300, 70_000].map((length) => {
      const message = Buffer.alloc(5 + length, 1);
      message.writeUInt32BE(length, 1);
      return message;
    }),
  );
  const ends = new Set([0, 5, 11, 316, bytes.length]);
  for (const step of [1, 3, 1000]) {
    const boundary = new MessageBoundary();
    assert.equal(boundary.reached, true);
    for (let at = 0; at < bytes.length; at += step) {
      const next = Math.min(bytes.length, at + step);
      boundary.read(bytes, at, next);
      assert.equal(boundary.reached, ends.has(next), `at ${next}`);
    }
  }
});
