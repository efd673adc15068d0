// Pins on a bpffs of the test's own: what is pinned survives its handles, what is adopted is the same object.
import assert from 'node:assert/strict';
import { mkdtempSync, rmdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isOn, unmount } from '../mount.ts';
import { openBpffs } from './bpffs.ts';
import { cannotLoad, fixtureSpec, u32 } from './fixture/fixture.ts';
import { BpfMap } from './map.ts';
import { BpfLink } from './link.ts';
import { loadObject } from './object.ts';
import { removePin } from './pin.ts';
import { BpfProgram } from './program.ts';

const skip = cannotLoad;

function withBpffs(use: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-pin-'));
  openBpffs(directory);
  try {
    use(directory);
  } finally {
    unmount(directory);
    rmdirSync(directory);
  }
}

test('openBpffs mounts once and makes directories below', { skip }, () => {
  withBpffs((directory) => {
    assert.equal(isOn('bpf', directory), true);
    assert.equal(openBpffs(directory), undefined, 'nothing left to mount');
    assert.equal(openBpffs(join(directory, 'a', 'b')), undefined);
    assert.ok(readdirSync(directory).includes('a'));
  });
});

test('a map adopted by its pin holds what the first handle wrote', { skip }, () => {
  withBpffs((directory) => {
    const path = join(directory, 'services');
    const object = loadObject(fixtureSpec('maps'), { programs: [] });
    object.map('lru_hash').update(u32(1), u32(2));
    object.map('lru_hash').pin(path);
    object.close();
    const map = BpfMap.fromPin(path);
    assert.equal(map.lookup(u32(1))?.readUInt32LE(), 2);
    assert.throws(() => map.pin(path), { code: 'EEXIST' });
    // A new object takes the old map over instead of making its own.
    const next = loadObject(fixtureSpec('maps'), {
      programs: ['read_row'],
      maps: new Map([['lru_hash', map]]),
    });
    assert.equal(next.map('lru_hash').id, map.id);
    next.close();
    map.close();
    assert.equal(removePin(path), true);
    assert.equal(removePin(path), false);
    assert.throws(() => BpfMap.fromPin(path), { code: 'ENOENT' });
  });
});

test('a program adopted by its pin still runs', { skip }, () => {
  withBpffs((directory) => {
    const path = join(directory, 'loops');
    const object = loadObject(fixtureSpec('subprogram'));
    object.program('loops').pin(path);
    object.close();
    const program = BpfProgram.fromPin(path);
    assert.equal(program.name, 'loops');
    assert.equal(program.testRun({ data: Buffer.alloc(64) }).retval, 20);
    program.close();
    removePin(path);
  });
});

test('a pin of another kind is refused with what it is', { skip }, () => {
  withBpffs((directory) => {
    const object = loadObject(fixtureSpec('subprogram'));
    const [program, map] = [join(directory, 'program'), join(directory, 'map')];
    object.program('loops').pin(program);
    object.map('.bss').pin(map);
    const before = readdirSync('/proc/self/fd').length;
    assert.throws(() => BpfMap.fromPin(program), /\/program \(a program, not a map\): EINVAL. Mend: /);
    assert.throws(() => BpfProgram.fromPin(map), /\/map \(a map, not a program\): EINVAL. Mend: /);
    assert.throws(() => BpfLink.fromPin(map), /\/map \(a map, not a link\): EINVAL. Mend: /);
    assert.throws(() => BpfMap.fromFd(object.program('loops').fd), /fd \d+ \(a program, not a map\)/);
    assert.throws(() => BpfMap.fromFd(0), /fd 0 \(.*, not a map\)/);
    assert.equal(readdirSync('/proc/self/fd').length, before, 'no descriptor stays open');
    object.close();
    removePin(program);
    removePin(map);
  });
});

test('pinning outside a bpffs says what is missing', { skip }, () => {
  const map = BpfMap.create({ name: 'stray', type: 2, keySize: 4, valueSize: 4, maxEntries: 1 });
  assert.throws(
    () => map.pin(join(tmpdir(), 'sluice-stray')),
    /BPF_OBJ_PIN\) \S*sluice-stray: .*Mend: .*openBpffs/,
  );
  map.close();
});
