// Random frames with random changes, from fixed seeds: the same bytes give the same report however they are cut, nothing throws,
// and nothing is reported beyond what came.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFrames } from './testbed/frame-record.ts';
import { frame } from './testbed/frames.ts';
import { randomOf } from '../../fuzz/random.ts';

const ROUNDS = 3000;
const SIZES: readonly number[] = [0, 1, 4, 5, 6, 8, 9, 12, 40, 300];

function randomFrame(random: (below: number) => number): Buffer {
  const payload = Buffer.alloc(SIZES[random(SIZES.length)] ?? 0);
  for (let i = 0; i < payload.length; i++) payload[i] = random(4) === 0 ? random(256) : random(4);
  return frame(random(11), random(64), random(5), payload);
}

test('however the bytes are cut, the report is the same', () => {
  for (let seed = 0; seed < ROUNDS; seed++) {
    const random = randomOf(seed);
    const frames = [frame(4, 0, 0)];
    for (let i = random(12); i >= 0; i--) frames.push(randomFrame(random));
    const bytes = Buffer.concat(frames);
    for (let i = random(3); i > 0; i--) bytes[random(bytes.length)] = random(256);
    const whole = readFrames([bytes]);
    const pieces = [];
    for (let at = 0; at < bytes.length;) {
      const size = 1 + random(random(2) === 0 ? 4 : 200);
      pieces.push(bytes.subarray(at, at + size));
      at += size;
    }
    assert.deepEqual(readFrames(pieces), whole, `seed ${seed}`);
    assert.deepEqual(readFrames(Array.from(bytes, (byte) => Buffer.from([byte]))), whole, `seed ${seed}`);
  }
});
