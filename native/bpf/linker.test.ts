// Limits of linking, on functions made here: 16 bytes each, call the next one and exit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BtfExt } from './btf-ext.ts';
import { Elf, type ElfSection } from './elf.ts';
import { fixtureBytes, fixtureSpec } from './fixture/fixture.ts';
import { link } from './linker.ts';
import { ObjectError } from './object-error.ts';
import type { CodeFunction, Targets } from './relocation.ts';

const SIZE = 16;

/** `count` functions, each of which calls the next. */
function chain(count: number): {
  readonly entry: CodeFunction;
  readonly targets: Targets;
  readonly ext: BtfExt;
} {
  const data = Buffer.alloc(count * SIZE);
  const records: Buffer[] = [];
  const functions = new Map<string, CodeFunction>();
  const index = 999;
  const section: ElfSection = {
    index,
    name: 'code',
    type: 1,
    flags: 6,
    link: 0,
    info: 0,
    size: data.length,
    data,
  };
  for (let i = 0; i < count; i++) {
    const start = i * SIZE;
    // call +1 (the next function), or r0 = 0; exit
    data.write(i === count - 1 ? 'b700000000000000' : '8510000001000000', start, 'hex');
    data.write('9500000000000000', start + 8, 'hex');
    const record = Buffer.alloc(8);
    record.writeUInt32LE(start);
    records.push(record);
    functions.set(`${index}:${start}`, { name: `f${i}`, section, start, size: SIZE });
  }
  const elf = Elf.read(fixtureBytes('subprogram'), 'chain.o');
  const externs = { functions: new Set<string>(), variables: new Set<string>() };
  const { btf } = fixtureSpec('subprogram');
  const entry = functions.get(`${index}:0`);
  assert.ok(entry);
  return {
    entry,
    targets: { elf, btf, maps: new Map(), data: new Map(), externs, functions },
    ext: { funcInfo: new Map([['code', records]]), lineInfo: new Map(), coreRelos: new Map() },
  };
}

test('as many functions as the kernel takes are linked in order', () => {
  const { entry, targets, ext } = chain(256);
  const { instructions, funcInfo } = link(entry, targets, ext);
  assert.equal(instructions.length, 256 * SIZE);
  assert.equal(funcInfo.length, 256 * 8);
  assert.equal(funcInfo.readUInt32LE(255 * 8), 255 * 2, 'counted in instructions');
  assert.deepEqual(link(entry, targets, ext).instructions, instructions, 'and again for the next program');
});

test('a longer chain is refused, however long', () => {
  for (const count of [257, 20_000]) {
    const { entry, targets, ext } = chain(count);
    assert.throws(
      () => link(entry, targets, ext),
      (error) =>
        error instanceof ObjectError && /more than the 256 functions .*Mend: inline/.test(error.message),
    );
  }
});
