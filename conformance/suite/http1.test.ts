// The command, from end to end, with the families that take no time.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { NODE, ROOT } from '../machine/checkout.ts';

const MAIN = join(ROOT, 'conformance/main.ts');

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(NODE, [MAIN, ...args], { encoding: 'utf8' });
}

test('Sluice passes the families host, hop and te', () => {
  const { status, stdout, stderr } = run('http1', '--only', 'host,hop,te', '-o', 'json');
  const report = JSON.parse(stdout) as { passed: number; failed: number; skipped: number; unsafe: number };
  assert.deepEqual(
    [status, report.passed, report.failed, report.skipped, report.unsafe],
    [0, 67, 0, 0, 0],
    stderr,
  );
  assert.equal(stderr.trimEnd().split('\n').at(-1), '67 passed, 0 failed, 0 skipped');
});

test('what cannot be run says why, with exit code 2', () => {
  const unknown = run('http1', '--only', 'nothing');
  assert.deepEqual([unknown.status, unknown.stdout], [2, '']);
  assert.match(unknown.stderr, /--only: no 'nothing'; there are chunk, cl/);
  const nobody = run('http1', '--port', '1', '--backend-port', '0');
  assert.equal(nobody.status, 2);
  assert.match(nobody.stderr, /--backend-port takes a port from 1/);
});
