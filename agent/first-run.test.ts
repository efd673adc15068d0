import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('first-run.mjs', import.meta.url));
const LOCK = JSON.stringify({
  packages: {
    '': {},
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/other-platform': { version: '1.0.0', integrity: 'sha512-o', optional: true },
  },
});
/** Stands for npm, which the test must not depend on: installs as npm does, hidden lock file last. */
const INSTALLER = `
import { appendFileSync, copyFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
appendFileSync('installs', process.argv.slice(2).join(' ') + '\\n');
console.log('npm says something');
await new Promise((resolve) => setTimeout(resolve, 300));
const pinned = 'node_modules/node-' + process.platform + '-' + process.arch + '/bin';
mkdirSync(pinned, { recursive: true });
rmSync(pinned + '/node', { force: true });
symlinkSync(process.execPath, pinned + '/node');
copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
`;

interface Checkout {
  readonly root: string;
  installs(): string[];
  start(...args: string[]): Run;
}

interface Run {
  readonly pid: number;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
  readonly firstOutput: Promise<unknown>;
}

test('installs what the lock file asks for, once, and only then', async (t) => {
  const checkout = makeCheckout(t);
  const first = await checkout.start('program.ts', 'x').ended;
  assert.deepEqual([first.code, first.stdout], [0, 'program x\n']);
  assert.match(first.stderr, /node_modules is missing; installing/);
  assert.equal(realpathSync(join(checkout.root, 'node_modules/.bin/node')), realpathSync(process.execPath));
  await checkout.start('program.ts', 'y').ended;
  assert.deepEqual(checkout.installs(), ['ci --ignore-scripts --no-audit --no-fund --loglevel=error']);

  writeFileSync(join(checkout.root, 'package-lock.json'), LOCK.replace('sha512-a', 'sha512-b'));
  const changed = await checkout.start('program.ts', 'z').ended;
  assert.match(changed.stderr, /node_modules\/a is not at 1\.0\.0/);
  assert.equal(checkout.installs().length, 2);
});

test('two first runs at once install once', async (t) => {
  const checkout = makeCheckout(t);
  const runs = [checkout.start('program.ts', '1'), checkout.start('program.ts', '2')];
  const ended = await Promise.all(runs.map((run) => run.ended));
  assert.deepEqual(
    ended.map((end) => end.stdout),
    ['program 1\n', 'program 2\n'],
  );
  assert.equal(checkout.installs().length, 1);
});

test('keeps the exit code of the program', async (t) => {
  const checkout = makeCheckout(t);
  writeFileSync(join(checkout.root, 'program.ts'), 'process.exit(7);');
  assert.equal((await checkout.start('program.ts').ended).code, 7);
});

test('a failed install names the mend and runs nothing', async (t) => {
  const checkout = makeCheckout(t);
  writeFileSync(join(checkout.root, 'npm.js'), 'process.exit(3)');
  const end = await checkout.start('program.ts').ended;
  assert.deepEqual([end.code, end.stdout], [1, '']);
  assert.match(end.stderr, /npm ci failed \(exit code 3\)\. Mend: /);
});

test('a signal reaches the program, whose own exit code counts', async (t) => {
  const checkout = makeCheckout(t);
  writeFileSync(
    join(checkout.root, 'program.ts'),
    `process.on('SIGTERM', () => process.exit(5)); console.log('up'); setTimeout(() => {}, 20_000);`,
  );
  const run = checkout.start('program.ts');
  await run.firstOutput;
  process.kill(run.pid, 'SIGTERM');
  assert.deepEqual(await run.ended.then(({ code, stdout }) => ({ code, stdout })), {
    code: 5,
    stdout: 'up\n',
  });
});

function makeCheckout(t: TestContext): Checkout {
  const root = mkdtempSync(join(tmpdir(), 'first-run-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'agent'));
  copyFileSync(SCRIPT, join(root, 'agent/first-run.mjs'));
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(root, 'package-lock.json'), LOCK);
  writeFileSync(join(root, 'npm.js'), INSTALLER);
  writeFileSync(join(root, 'program.ts'), `console.log('program', ...process.argv.slice(2));`);
  return {
    root,
    installs: () => readFileSync(join(root, 'installs'), 'utf8').trim().split('\n'),
    start: (...args) => start(root, args),
  };
}

function start(root: string, args: readonly string[]): Run {
  const child = spawn(process.execPath, ['agent/first-run.mjs', ...args], {
    cwd: root,
    env: { ...process.env, npm_execpath: join(root, 'npm.js') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return {
    pid: child.pid!,
    firstOutput: once(child.stdout, 'data'),
    ended: once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr })),
  };
}
