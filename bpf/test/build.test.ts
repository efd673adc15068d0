// The committed objects are what the committed sources compile to.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const BPF = fileURLToPath(new URL('..', import.meta.url));
const clang = spawnSync('clang-19', ['--version']);
const skip = clang.status === 0 ? false : 'needs clang-19: only who changes the C compiles it';

test('objects are current', { skip }, () => {
  const { status, stdout, stderr } = spawnSync('make', ['-C', BPF, 'verify'], { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});
