// Handles after close(): they must never reach whoever has the descriptor's number by then.
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readMounts } from '../mount.ts';
import { cannotLoad, fixtureSpec, u32 } from './fixture/fixture.ts';
import { attachCgroup } from './link.ts';
import { BpfMap } from './map.ts';
import { MAP_TYPE } from './map-type.ts';
import { loadObject } from './object.ts';

const skip = cannotLoad;
const cgroupRoot = readMounts().find((mount) => mount.type === 'cgroup2')?.directory;
const makeMap = (name: string): BpfMap =>
  BpfMap.create({ name, type: MAP_TYPE.HASH, keySize: 4, valueSize: 4, maxEntries: 4 });

test('a closed map does not work on the map that has its number now', { skip }, () => {
  const closed = makeMap('closed');
  const number = closed.fd;
  closed.close();
  const other = makeMap('other');
  assert.equal(other.fd, number, 'the kernel gives the lowest free number');
  assert.throws(() => closed.updateBatch(u32(1), u32(1), 1), { code: 'EBADF' });
  assert.throws(() => closed.deleteBatch(u32(1), 1), { code: 'EBADF' });
  assert.throws(() => closed.lookupBatch(), { code: 'EBADF' });
  assert.throws(() => closed.freeze(), { code: 'EBADF' });
  assert.throws(() => BpfMap.fromFd(closed.fd));
  closed.close();
  other.update(u32(1), u32(2));
  assert.deepEqual([...other.keys()], [u32(1)]);
  other.close();
});

test(
  'neither do a closed program and a closed link',
  { skip: skip === false && cgroupRoot === undefined ? 'cgroup v2 is not mounted' : skip },
  () => {
    const directory = mkdtempSync(join(cgroupRoot ?? '', 'sluice-test-'));
    const cgroup = openSync(directory, 'r');
    const object = loadObject(fixtureSpec('cgroup'));
    try {
      const program = object.program('connect4');
      const closed = attachCgroup(program, cgroup);
      closed.close();
      const other = attachCgroup(program, cgroup);
      assert.throws(() => closed.info(), { code: 'EBADFD' });
      assert.throws(() => closed.update(program), { code: 'EBADF' });
      assert.throws(() => closed.detach(), { code: 'EBADF' });
      closed.close();
      assert.equal(other.info().programId, program.id, 'still attached');
      other.close();
      program.close();
      assert.throws(() => program.testRun({ data: Buffer.alloc(64) }), { code: 'EBADF' });
      assert.throws(() => attachCgroup(program, cgroup), { code: 'EBADF' });
    } finally {
      object.close();
      closeSync(cgroup);
      rmdirSync(directory);
    }
  },
);

test('an object that is closed twice closes nobody else', { skip }, () => {
  const before = readdirSync('/proc/self/fd').length;
  const object = loadObject(fixtureSpec('maps'));
  object.close();
  const others = Array.from({ length: 40 }, (_, i) => makeMap(`other${i}`));
  object.close();
  for (const other of others) other.update(u32(1), u32(1));
  assert.throws(() => object.createInner('rows'), { code: 'EBADF' });
  for (const other of others) other.close();
  assert.equal(readdirSync('/proc/self/fd').length, before);
});
