import { test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findCgroupMount, hasCapability, readMounts } from './environment.ts';

const find = (...lines: string[]): string | undefined => findCgroupMount(readMounts(lines.join('\n')));

test('cgroup v2 alone', () => {
  assert.equal(
    find('31 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate'),
    '/sys/fs/cgroup',
  );
});

test('cgroup v2 beside v1', () => {
  const tmpfs = '30 23 0:25 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755';
  const unified = '31 30 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw';
  const cpu = '33 30 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu';
  assert.equal(find(tmpfs, unified, cpu), '/sys/fs/cgroup/unified');
  assert.equal(find(tmpfs, cpu), undefined);
});

test('the standard place is preferred, and the whole hierarchy to a part of it', () => {
  const short = '40 23 0:26 / /mnt rw - cgroup2 none rw';
  const standard = '31 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw';
  const part = '32 23 0:26 /user.slice /sys/fs/cgroup/part rw - cgroup2 cgroup2 rw';
  assert.equal(find(short, standard), '/sys/fs/cgroup');
  assert.equal(find(part, short), '/mnt');
  assert.equal(find(part), '/sys/fs/cgroup/part', 'in a container a part is all there is');
});

test('mount points are unescaped, lines that are not mounts are left out', () => {
  assert.equal(find('40 23 0:26 / /mnt/a\\040b\\134c rw - cgroup2 none rw'), '/mnt/a b\\c');
  assert.deepEqual(readMounts('nonsense\n\n1 2 3'), []);
});

test(
  'this machine’s own mount holds cgroups',
  { skip: findCgroupMount() === undefined && 'cgroup v2 is not mounted' },
  () => {
    assert.ok(existsSync(join(findCgroupMount()!, 'cgroup.controllers')));
  },
);

test('capabilities are bits of the effective set', () => {
  const status = (mask: string): string =>
    `CapInh:\t0000000000000000\nCapPrm:\tffffffffffffffff\nCapEff:\t${mask}\n`;
  assert.equal(hasCapability('CAP_NET_BIND_SERVICE', status('0000000000000400')), true);
  assert.equal(hasCapability('CAP_NET_ADMIN', status('0000000000000400')), false);
  assert.equal(hasCapability('CAP_BPF', status('0000008000000000')), true);
  assert.equal(hasCapability('CAP_BPF', status('0000004000000000')), false);
  assert.equal(hasCapability('CAP_BPF', status('0000000000000000')), false);
  assert.equal(hasCapability('CAP_BPF', ''), false);
});
