import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReceiveWindow, SendWindow } from './flow-window.ts';

test('a window to send into grows up to 2^31-1 and may fall below nothing', () => {
  const window = new SendWindow();
  assert.equal(window.left, 65_535);
  assert.equal(window.grow(0x7fff_ffff - 65_535), true);
  assert.equal(window.grow(1), false);
  window.reset(10);
  window.left -= 10;
  assert.equal(window.grow(-5), true);
  assert.equal(window.left, -5);
});

test('a peer may send what it was given and no more; room is announced when half of it is free', () => {
  const window = new ReceiveWindow(100);
  assert.equal(window.take(100), true);
  assert.equal(window.held, 100);
  assert.equal(window.free(49), 0);
  assert.equal(window.held, 51);
  assert.equal(window.free(11), 60);
  assert.equal(window.take(60), true);
  assert.equal(window.take(1), false);
  window.reset(50);
  assert.equal(window.held, 0);
  assert.equal(window.take(51), false);
});
