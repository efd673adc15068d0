// Probes tell the truth about this kernel, leave nothing behind, and answer without privileges too.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cannotLoad } from './fixture/fixture.ts';
import { probeKernel, type Feature } from './probe.ts';
import { probeMap, probeProgram } from './probe-kernel.ts';

const byName = (features: readonly Feature[]): Map<string, Feature> =>
  new Map(features.map((feature) => [feature.name, feature]));

test('every feature has a name of its own, a detail, and a mend when it is missing', () => {
  const features = probeKernel();
  assert.equal(byName(features).size, features.length);
  for (const feature of features) {
    assert.ok(feature.detail.length > 0, feature.name);
    assert.equal(feature.mend === undefined, feature.ok, feature.name);
  }
});

test('what the tests of this room use is found, and no descriptor stays open', { skip: cannotLoad }, () => {
  const before = readdirSync('/proc/self/fd').length;
  const features = byName(probeKernel());
  assert.equal(readdirSync('/proc/self/fd').length, before);
  for (const name of [
    'map hash',
    'map ring buffer',
    'program cgroup/connect4',
    'link cgroup (Linux 5.7)',
    'BTF',
  ])
    assert.equal(features.get(name)?.ok, true, name);
});

test('a type that no kernel has is missing', { skip: cannotLoad }, () => {
  assert.ok(probeMap({ type: 9999, keySize: 4, valueSize: 4, maxEntries: 1 }) < 0);
  assert.ok(probeProgram({ type: 9999, attachType: 0 }) < 0);
});

test(
  'without privileges the answer is what to do',
  { skip: process.getuid?.() === 0 ? false : 'needs root to drop it' },
  () => {
    const script = `
    process.setgroups([]); process.setgid(65534); process.setuid(65534);
    const { probeKernel } = await import(${JSON.stringify(fileURLToPath(new URL('./probe.ts', import.meta.url)))});
    process.stdout.write(JSON.stringify(probeKernel()));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    assert.ok(stdout !== '', stderr);
    const features = byName(JSON.parse(stdout) as Feature[]);
    assert.equal(features.get('capabilities')?.ok, false);
    assert.match(features.get('program cgroup/connect4')?.mend ?? '', /run as root or with CAP_BPF/);
    assert.equal(features.get('kernel')?.ok, true);
  },
);
