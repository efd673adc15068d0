import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const IMPORT = `import { test } from 'node:test';\n`;
const PASSES = `${IMPORT}test('fine', () => {});`;

test('passes, failures and skips are counted, and a skip shows its reason', (t) => {
  const run = runTests(t, {
    'gateway/a.test.ts': `${PASSES} test('later', { skip: 'needs a kernel' }, () => {});`,
    'bpf/b.test.ts': `${PASSES} test('wrong', () => { throw new Error('no'); });`,
  });
  assert.equal(run.code, 1);
  assert.match(run.stdout, /^ {2}gateway\/a\.test\.ts: later: needs a kernel$/m);
  assert.match(run.stdout, /^ {2}bpf\/b\.test\.ts: wrong$/m);
  assert.match(run.stdout, /\n2 passed, 1 failed, 1 skipped\n$/);
});

test('success is exit code 0', (t) => {
  const run = runTests(t, { 'a.test.ts': PASSES });
  assert.deepEqual([run.code, lastLine(run.stdout)], [0, '1 passed, 0 failed, 0 skipped']);
});

test('no test at all is a failure, and so is a file without any', (t) => {
  const none = runTests(t, { 'a.ts': '' });
  assert.equal(none.code, 1);
  assert.match(none.stdout, /no test was executed/);
  const skipped = runTests(t, { 'a.test.ts': `${IMPORT}test('x', { skip: 'why' }, () => {});` });
  assert.deepEqual([skipped.code, lastLine(skipped.stdout)], [1, '0 passed, 0 failed, 1 skipped']);
  const empty = runTests(t, { 'a.test.ts': PASSES, 'b.test.ts': '// nothing' });
  assert.equal(empty.code, 1);
  assert.match(empty.stdout, /b\.test\.ts: holds no test/);
});

test('a file that does not load is a failure', (t) => {
  const run = runTests(t, { 'a.test.ts': PASSES, 'b.test.ts': `import './missing.ts';` });
  assert.deepEqual([run.code, lastLine(run.stdout)], [1, '1 passed, 1 failed, 0 skipped']);
});

test('patterns choose files by path', (t) => {
  const files = { 'one/a.test.ts': PASSES, 'two/b.test.ts': PASSES };
  assert.equal(lastLine(runTests(t, files, 'two/').stdout), '1 passed, 0 failed, 0 skipped');
  assert.equal(runTests(t, files, 'three').code, 1);
});

test('a process that outlives its test is named and ended', (t) => {
  const run = runTests(t, {
    'a.test.ts': `${IMPORT}import { spawn } from 'node:child_process';
      test('leaves', () => spawn('sleep', ['987'], { detached: true, stdio: 'ignore' }).unref());`,
  });
  assert.equal(run.code, 1);
  const pid = /left behind: process (\d+) \(sleep 987\)/.exec(run.stdout)?.[1];
  assert.ok(pid, run.stdout);
  assert.ok(hasEnded(pid));
});

test('a network namespace left behind is named', { skip: needsRoot() }, (t) => {
  const name = `sluice-left-${process.pid}`;
  const run = runTests(t, {
    'a.test.ts': `${IMPORT}import { execFileSync } from 'node:child_process';
      test('leaves', () => { execFileSync('ip', ['netns', 'add', '${name}']); });`,
  });
  spawnSync('ip', ['netns', 'delete', name]);
  assert.equal(run.code, 1);
  assert.match(run.stdout, new RegExp(`left behind: network namespace ${name}`));
});

test('a signal stops the run, which says so', async (t) => {
  const root = makeRoot(t, {
    'a.test.ts': `${IMPORT}test('long', () => new Promise((r) => setTimeout(r, 60_000)));\nconsole.log('begun');`,
  });
  const child = spawn(process.execPath, [MAIN, '--no-install', '--root', root], options());
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const before = stdout.includes('begun');
    stdout += chunk.toString();
    // One signal: a second one ends the runner at once.
    if (!before && stdout.includes('begun')) child.kill('SIGTERM');
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 1);
  assert.match(stdout, /stopped by a signal/);
});

function runTests(
  t: TestContext,
  files: Record<string, string>,
  ...args: string[]
): { code: number | null; stdout: string } {
  const root = makeRoot(t, files);
  const run = spawnSync(process.execPath, [MAIN, '--no-install', '--root', root, ...args], {
    ...options(),
    encoding: 'utf8',
  });
  return { code: run.status, stdout: run.stdout };
}

function makeRoot(t: TestContext, files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'runner-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

/** Without the mark of the run around us, node:test would refuse to run inside of itself. */
function options(): { env: NodeJS.ProcessEnv; stdio: ['ignore', 'pipe', 'inherit'] } {
  const env = { ...process.env };
  delete env['NODE_TEST_CONTEXT'];
  return { env, stdio: ['ignore', 'pipe', 'inherit'] };
}

/** Gone, or dead and not yet collected by its new parent. */
function hasEnded(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}

function lastLine(text: string): string | undefined {
  return text.trimEnd().split('\n').at(-1);
}

function needsRoot(): string | false {
  return process.getuid?.() === 0 ? false : 'needs root to make a network namespace';
}
