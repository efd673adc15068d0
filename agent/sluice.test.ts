import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const BIN = join(ROOT, 'agent/sluice.mjs');
const PINNED = join(ROOT, 'node_modules/.bin/node');

/** A Node on this machine that does not run .ts: what many users have. */
const OLD = findOldNode();
const WITHOUT_OLD = OLD === undefined && 'no Node older than 24.12 on this machine';

let scratch = '';
before(() => (scratch = mkdtempSync(join(tmpdir(), 'sluice-bin-'))));
after(() => rmSync(scratch, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly error: string;
}

async function ended(child: ChildProcess): Promise<Ended> {
  let out = '';
  let error = '';
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (error += chunk.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, out, error };
}

/** A checkout whose program is `main`, beside the real bin. */
function checkout(name: string, main: string, installed = true): string {
  const root = join(scratch, name);
  mkdirSync(join(root, 'agent'), { recursive: true });
  copyFileSync(BIN, join(root, 'agent/sluice.mjs'));
  writeFileSync(join(root, 'agent/main.ts'), main);
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  if (installed) symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return join(root, 'agent/sluice.mjs');
}

test('the pinned Node runs the program itself', async () => {
  const { code, out } = await ended(spawn(PINNED, [BIN, '--version']));
  assert.equal(code, 0);
  assert.match(out, /^sluice \d+\.\d+\.\d+ \(node v\d+\.\d+\.\d+, linux \w+\)\n$/);
});

test(
  'an old Node starts the pinned one, and words and exit code pass through',
  { skip: WITHOUT_OLD },
  async () => {
    const version = await ended(spawn(OLD!, [BIN, '--version']));
    assert.ok(version.out.includes(execFileSync(PINNED, ['--version']).toString().trim()), version.out);
    const wrong = await ended(spawn(OLD!, [BIN, 'nothing of ours']));
    assert.equal(wrong.code, 2);
    assert.match(wrong.error, /unknown command nothing of ours/);
  },
);

test('through a symbolic link, as npm installs a bin', async () => {
  const link = join(scratch, 'sluice');
  symlinkSync(BIN, link);
  const { code } = await ended(spawn(OLD ?? PINNED, [link, '--help']));
  assert.equal(code, 0);
});

test('signals reach the program, and its end by a signal is ours', { skip: WITHOUT_OLD }, async () => {
  const graceful = checkout(
    'graceful',
    `setInterval(() => {}, 1000);
     process.on('SIGTERM', () => { console.log('draining'); process.exit(7); });
     console.log('up');`,
  );
  const child = spawn(OLD!, [graceful]);
  child.stdout.once('data', () => child.kill('SIGTERM'));
  const first = await ended(child);
  assert.deepEqual([first.code, first.out], [7, 'up\ndraining\n']);
  const abrupt = checkout('abrupt', `setInterval(() => {}, 1000); process.kill(process.pid, 'SIGKILL');`);
  const second = await ended(spawn(OLD!, [abrupt]));
  assert.equal(second.signal, 'SIGKILL');
});

test('without node_modules it says what to run', async () => {
  const bin = checkout('bare', 'console.log("must not run")', false);
  const { code, out, error } = await ended(spawn(OLD ?? PINNED, [bin, 'run', '.']));
  assert.deepEqual([code, out], [1, '']);
  assert.match(error, /^sluice: not installed\. Mend: run "npm ci --ignore-scripts" in /);
});

test('a reader that stops reading does not end the program', async () => {
  const child = spawn(PINNED, [BIN, '--help']);
  child.stdout.destroy();
  const { code } = await ended(child);
  assert.equal(code, 0);
});

function findOldNode(): string | undefined {
  return [
    '/usr/bin/node',
    '/usr/local/bin/node',
    ...(process.env['PATH'] ?? '').split(':').map((part) => join(part, 'node')),
  ]
    .filter((path) => existsSync(path))
    .find((path) => {
      const [major = 0, minor = 0] = execFileSync(path, ['--version'])
        .toString()
        .slice(1)
        .split('.')
        .map(Number);
      return major >= 18 && (major < 24 || (major === 24 && minor < 12));
    });
}
