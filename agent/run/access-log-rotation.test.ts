import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Pool } from 'undici';
import { findFreePort } from './testbed/free-port.ts';
import { canaryYaml, routeYaml } from './testbed/manifests.ts';
import { TestBackend } from './testbed/test-backend.ts';
import { TestDirectory } from './testbed/test-directory.ts';
import { TestRun } from './testbed/test-run.ts';

const ROTATIONS = 5;
const AFTER_EACH = 20;

for (const engine of ['epoll', 'net'])
  test(`${engine}: SIGHUP after a rename: new lines in the new file, every request in exactly one`, async () => {
    await using backend = await TestBackend.start('v1');
    using directory = new TestDirectory();
    using logs = new TestDirectory();
    const log = join(logs.path, 'access.log');
    const port = await findFreePort();
    directory.write('base.yaml', canaryYaml(port, '10.97.0.1', { v1: backend.port }));
    directory.write('route.yaml', routeYaml({ v1: 1 }));
    const flags = ['--no-datapath', '--workers', '2', '--engine', engine, '--access-log', log];
    await using run = await TestRun.start([directory.path, ...flags]);
    const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 8, maxRequestsPerClient: 20 });
    const sent: string[] = [];
    const ask = async (path: string): Promise<void> => {
      sent.push(path);
      const answer = await pool.request({ path, method: 'GET' });
      assert.equal(await answer.body.text(), 'v1');
    };
    const rotating = new AbortController();
    const load = Array.from({ length: 8 }, async (_, client) => {
      for (let turn = 0; !rotating.signal.aborted; turn += 1) await ask(`/load/${client}/${turn}`);
    });
    for (let rotation = 1; rotation <= ROTATIONS; rotation += 1) {
      renameSync(log, `${log}.${rotation}`);
      assert.equal(await reopen(run), undefined);
      // Every worker has told that it has the new file: these lines cannot be in an older one.
      for (let turn = 0; turn < AFTER_EACH; turn += 1) await ask(`/after/${rotation}/${turn}`);
    }
    rotating.abort();
    await Promise.all(load);
    await pool.close();
    await run.end('SIGTERM');
    const rotated = Array.from({ length: ROTATIONS }, (_, index) => pathsOf(`${log}.${index + 1}`));
    const files = [...rotated, pathsOf(log)];
    for (let rotation = 1; rotation <= ROTATIONS; rotation += 1)
      assert.equal(
        files[rotation]?.filter((path) => path.startsWith(`/after/${rotation}/`)).length,
        AFTER_EACH,
      );
    assert.deepEqual(files.flat().sort(), sent.sort());
  });

test('a file that cannot be opened: the old one stays in use, and the next SIGHUP tries again', async () => {
  using directory = new TestDirectory();
  using logs = new TestDirectory();
  const log = join(logs.path, 'access.log');
  const port = await findFreePort();
  directory.write('base.yaml', canaryYaml(port, '10.97.0.1', {}));
  const flags = ['--no-datapath', '--workers', '1', '--access-log', log];
  await using run = await TestRun.start([directory.path, ...flags]);
  renameSync(log, `${log}.1`);
  mkdirSync(log);
  assert.match((await reopen(run)) ?? '', /access log .* cannot be opened \(EISDIR\)\. Mend: /);
  await fetch(`http://127.0.0.1:${port}/while`);
  rmdirSync(log);
  assert.equal(await reopen(run), undefined);
  await fetch(`http://127.0.0.1:${port}/after`);
  await run.end('SIGTERM');
  assert.deepEqual([pathsOf(`${log}.1`), pathsOf(log)], [['/while'], ['/after']]);
});

test('without an access log SIGHUP changes nothing', async () => {
  using directory = new TestDirectory();
  const port = await findFreePort();
  directory.write('base.yaml', canaryYaml(port, '10.97.0.1', {}));
  await using run = await TestRun.start([directory.path, '--no-datapath', '--workers', '1']);
  run.process.kill('SIGHUP');
  assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 404);
  assert.equal((await run.end('SIGTERM')).code, 0);
});

/** Sends SIGHUP and waits until it is told how that went; gives the error. */
async function reopen(run: TestRun): Promise<string | undefined> {
  const before = run.events.length;
  run.process.kill('SIGHUP');
  return (await run.until('access-log', undefined, before)).error;
}

function pathsOf(file: string): string[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.filter((line) => line !== '').map((line) => (JSON.parse(line) as { path: string }).path);
}
