// Attachments in the real kernel: the program runs while the link is there, is replaced in one step, and ends with it.
import assert from 'node:assert/strict';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { readMounts, unmount } from '../mount.ts';
import { openBpffs } from './bpffs.ts';
import { cannotLoad, fixtureSpec } from './fixture/fixture.ts';
import { attachCgroup, BpfLink } from './link.ts';
import { loadObject } from './object.ts';
import { ATTACH_TYPE, LINK_TYPE } from './program-type.ts';

const skip = cannotLoad;
const cgroupRoot = readMounts().find((mount) => mount.type === 'cgroup2')?.directory;
const skipCgroup = skip === false && cgroupRoot === undefined ? 'cgroup v2 is not mounted' : skip;

/** A cgroup of the test's own, and a client that connects from inside it. */
function withCgroup(use: (fd: number, connect: (port: number) => 'denied' | 'allowed') => void): void {
  const directory = mkdtempSync(join(cgroupRoot ?? '', 'sluice-test-'));
  const fd = openSync(directory, 'r');
  try {
    use(fd, (port) => {
      const script = `echo $BASHPID > ${directory}/cgroup.procs; exec 3<>/dev/tcp/127.0.0.1/${port}`;
      const errors = spawnSync('bash', ['-c', script]).stderr.toString();
      // Nobody listens on these ports: refused means that the program let the attempt through.
      assert.match(errors, /not permitted|refused/);
      return errors.includes('not permitted') ? 'denied' : 'allowed';
    });
  } finally {
    closeSync(fd);
    rmdirSync(directory);
  }
}

test('cgroup: attach, observe, replace in one step, detach', { skip: skipCgroup }, () => {
  withCgroup((fd, connect) => {
    const object = loadObject(fixtureSpec('cgroup'), { config: { 'config.refuse': 1, 'config.port': 81 } });
    const link = attachCgroup(object.program('connect4'), fd);
    const info = link.info();
    assert.equal(info.type, LINK_TYPE.CGROUP);
    assert.equal(info.attachType, ATTACH_TYPE.CGROUP_INET4_CONNECT);
    assert.equal(info.programId, object.program('connect4').id);
    assert.ok((info.cgroupId ?? 0n) > 0n);
    assert.equal(connect(81), 'denied');
    assert.equal(connect(82), 'allowed');
    assert.equal(object.variable('calls').get(), 2n);
    assert.equal(object.variable('last_port').get(), 82n);

    link.update(object.program('deny4'));
    assert.equal(link.info().programId, object.program('deny4').id);
    assert.equal(link.info().id, info.id, 'the attachment is the same one');
    assert.equal(connect(82), 'denied');
    assert.equal(object.variable('calls').get(), 2n, 'the old program no longer runs');

    link.detach();
    assert.equal(connect(82), 'allowed');
    link.close();
    object.close();
  });
});

test('cgroup: closing an unpinned link detaches', { skip: skipCgroup }, () => {
  withCgroup((fd, connect) => {
    const object = loadObject(fixtureSpec('cgroup'), { programs: ['deny4'] });
    const link = attachCgroup(object.program('deny4'), fd);
    assert.equal(connect(83), 'denied');
    link.close();
    assert.equal(connect(83), 'allowed');
    object.close();
  });
});

test(
  'cgroup: a pinned link outlives everything and is adopted and updated by its pin',
  { skip: skipCgroup },
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-link-'));
    openBpffs(directory);
    try {
      withCgroup((fd, connect) => {
        const path = join(directory, 'connect4');
        const first = loadObject(fixtureSpec('cgroup'), { programs: ['deny4'] });
        const link = attachCgroup(first.program('deny4'), fd);
        link.pin(path);
        link.close();
        first.close();
        assert.equal(connect(84), 'denied', 'nobody holds it but the pin');

        const second = loadObject(fixtureSpec('cgroup'), { programs: ['connect4'] });
        const adopted = BpfLink.fromPin(path);
        adopted.update(second.program('connect4'));
        assert.equal(connect(84), 'allowed');
        assert.equal(second.variable('calls').get(), 1n);
        assert.equal(adopted.unpin(path), true);
        adopted.close();
        assert.equal(connect(84), 'allowed');
        assert.equal(second.variable('calls').get(), 1n, 'gone with the last handle');
        second.close();
      });
    } finally {
      unmount(directory);
      rmdirSync(directory);
    }
  },
);

test('cgroup: every attach point takes its program', { skip: skipCgroup }, () => {
  const names = [
    'socket_events',
    'sock_create',
    'sock_release',
    'connect6',
    'sendmsg4',
    'recvmsg6',
    'getpeername4',
    'getsockopt',
    'skb_in',
  ];
  const directory = mkdtempSync(join(cgroupRoot ?? '', 'sluice-test-'));
  const fd = openSync(directory, 'r');
  const object = loadObject(fixtureSpec('net'), { programs: names });
  for (const name of names) {
    const link = attachCgroup(object.program(name), fd);
    assert.equal(link.info().attachType, object.program(name).expectedAttachType, name);
    link.close();
  }
  object.close();
  closeSync(fd);
  rmdirSync(directory);
});

test('an attachment to the wrong place names program, place and attach type', { skip }, () => {
  const object = loadObject(fixtureSpec('cgroup'), { programs: ['deny4'] });
  const directory = mkdtempSync(join(tmpdir(), 'sluice-plain-'));
  mkdirSync(join(directory, 'x'));
  const fd = openSync(join(directory, 'x'), 'r');
  assert.throws(
    () => attachCgroup(object.program('deny4'), fd),
    /BPF_LINK_CREATE\) program deny4 \(CGROUP_SOCK_ADDR\) to cgroup, CGROUP_INET4_CONNECT: EBADF/,
  );
  closeSync(fd);
  rmdirSync(join(directory, 'x'));
  rmdirSync(directory);
  object.close();
});
