// Claims of a state directory while others come and go.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Outcomes } from '../fixture/claimer.ts';
import { SKIP_UNLESS_ROOT as skip } from '../fixture/sandbox-cgroup.ts';
import { StateDirectory } from './state-directory.ts';

const ROUNDS = 400;

function makeParent(context: TestContext): string {
  const parent = mkdtempSync(join(tmpdir(), 'sluice-claim-'));
  context.after(() => rmSync(parent, { recursive: true, force: true }));
  return parent;
}

test('of processes that come and go at once, one at a time owns the directory', { skip }, async (context) => {
  const parent = makeParent(context);
  const args = [join(parent, 'bpf'), join(parent, 'owner'), String(ROUNDS)];
  const all = await Promise.all(
    [1, 2, 3].map(async () => {
      const child = fork(new URL('../fixture/claimer.ts', import.meta.url), args);
      const [outcomes] = (await once(child, 'message')) as [Outcomes];
      return outcomes;
    }),
  );
  for (const outcomes of all)
    assert.deepEqual(
      Object.keys(outcomes).filter((outcome) => outcome !== 'owned' && outcome !== 'StateInUse'),
      [],
      JSON.stringify(outcomes),
    );
  assert.ok(all.some(({ owned = 0 }) => owned > 0));
  assert.ok(!existsSync(join(parent, 'bpf')));
  assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(parent), 'a mount was left behind');
});

test('a directory that holds something is not hidden under a mount', { skip }, (context) => {
  const directory = join(makeParent(context), 'documents');
  StateDirectory.claim(directory).remove();
  assert.ok(!existsSync(directory));
  const parent = makeParent(context);
  writeFileSync(join(parent, 'letter'), 'dear');
  assert.throws(() => StateDirectory.claim(parent), {
    name: 'DatapathError',
    message: /cannot keep pins in \S+ \(.* is not empty, and a mount would hide.*Mend: /,
  });
  assert.equal(readFileSync(join(parent, 'letter'), 'utf8'), 'dear');
});

test('parents are made, and a claim through a link is the same claim', { skip }, (context) => {
  const parent = makeParent(context);
  const state = StateDirectory.claim(join(parent, 'a', 'bpf'));
  symlinkSync(join(parent, 'a', 'bpf'), join(parent, 'link'));
  assert.throws(() => StateDirectory.claim(join(parent, 'link')), { name: 'StateInUse' });
  state.remove();
  assert.deepEqual(readdirSync(join(parent, 'a')), []);
});
