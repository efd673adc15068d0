// Damaged objects: whatever is cut off or flipped, reading gives a spec or an ObjectError, never a crash, never a hang.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Elf } from './elf.ts';
import { fixtureBytes, FIXTURES } from './fixture/fixture.ts';
import { ObjectError } from './object-error.ts';
import { ObjectSpec } from './object-spec.ts';

const FLIPS = 1500;

/** True when the bytes were refused. Anything but an ObjectError that names the file fails the test. */
function isRefused(bytes: Buffer, what: string): boolean {
  try {
    ObjectSpec.read(bytes, 'damaged.o');
    return false;
  } catch (error) {
    assert.ok(error instanceof ObjectError, `${what}: ${String(error)}\n${(error as Error).stack ?? ''}`);
    assert.equal(error.file, 'damaged.o');
    assert.ok(error.mend.length > 0);
    return true;
  }
}

/** xorshift32: the same damage on every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

test('an object cut off at any section boundary, or a byte around it, is refused', () => {
  for (const name of FIXTURES) {
    const whole = fixtureBytes(name);
    const cuts = new Set<number>([0, 1, 16, 63, 64, whole.length - 1]);
    for (const section of Elf.read(whole, name).sections) {
      const start = section.data.byteOffset - whole.byteOffset;
      for (const cut of [start - 1, start, start + 1, start + section.data.length]) cuts.add(cut);
    }
    for (const cut of cuts) {
      if (cut < 0 || cut >= whole.length) continue;
      // Section headers are at the end: every real truncation takes some of them away.
      assert.ok(
        isRefused(Buffer.from(whole.subarray(0, cut)), `${name} cut at ${cut}`),
        `${name} cut at ${cut} was read`,
      );
    }
  }
});

test('an object whose section table stays but whose content is cut off is refused', () => {
  const whole = fixtureBytes('subprogram');
  const headers = whole.readUInt32LE(40);
  for (let index = 0; index < whole.readUInt16LE(60); index++) {
    const at = headers + index * 64;
    // A section without content may lie anywhere.
    if (whole.readUInt32LE(at + 4) === 8 || whole.readUInt32LE(at + 32) === 0) continue;
    const bytes = Buffer.from(whole);
    bytes.writeUInt32LE(whole.length - 3, at + 24);
    assert.ok(isRefused(bytes, `section ${index} moved`), `section ${index} beyond the end was read`);
  }
});

test('flipped bytes never crash or hang the reader', () => {
  let refused = 0;
  for (const [index, name] of FIXTURES.entries()) {
    const whole = fixtureBytes(name);
    const random = randomNumbers(0x5eed + index);
    for (let round = 0; round < FLIPS; round++) {
      const bytes = Buffer.from(whole);
      for (let flips = random(3); flips >= 0; flips--) bytes[random(bytes.length)] = random(256);
      if (isRefused(bytes, `${name} round ${round}`)) refused++;
    }
  }
  // The damage is real: a good part of it is noticed.
  assert.ok(refused > FLIPS / 2, `only ${refused} refused`);
});

test('every single bit of the BTF, .BTF.ext and .maps headers flipped never crashes the reader', () => {
  const whole = fixtureBytes('maps');
  const { sections } = Elf.read(whole, 'maps');
  for (const section of sections.filter(({ name }) =>
    ['.BTF', '.BTF.ext', '.maps', '.rel.maps'].includes(name),
  )) {
    const start = section.data.byteOffset - whole.byteOffset;
    for (let at = start; at < start + Math.min(section.data.length, 96); at++)
      for (let bit = 0; bit < 8; bit++) {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        isRefused(bytes, `${section.name} byte ${at - start} bit ${bit}`);
      }
  }
});
