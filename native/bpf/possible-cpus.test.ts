// The kernel's list of CPUs, in the forms that it writes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCpuList, possibleCpus } from './possible-cpus.ts';

test('possible CPUs are counted: ids that are left out have no value', () => {
  assert.equal(parseCpuList('0\n'), 1);
  assert.equal(parseCpuList('0-3\n'), 4);
  assert.equal(parseCpuList('0-3,8\n'), 5);
  assert.equal(parseCpuList('0,2-15\n'), 15);
  assert.throws(() => parseCpuList('\n'), /is not a list of CPUs/);
  assert.ok(possibleCpus() >= 1);
});
