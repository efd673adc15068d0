import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { findCommand } from '../machine/install.ts';
import { findFreePort } from '../machine/port.ts';
import { Program } from '../machine/program.ts';
import { compile } from './compile.ts';
import { callConnect } from './connect.ts';

const skip = findCommand('cc') === undefined ? 'needs cc (apt-get install gcc libc6-dev)' : false;

test('connects are counted and timed', { skip }, async (t) => {
  const program = compileConnect(t);
  const port = await findFreePort();
  const server = new Program('server', [program, 'serve', String(port)], { core: 0 });
  t.after(() => server.stop());
  while (!server.log.includes('serving') && server.running)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const report = await callConnect([program], { address: '127.0.0.1', port }, 0.1, t.signal);
  assert.ok(report.connects > 0);
  assert.deepEqual([report.errors, report.error], [0, '']);
  assert.ok(report.p50us > 0 && report.p99us >= report.p50us);
});

test('a refused connect is an error with its reason, not a fast connect', { skip }, async (t) => {
  const report = await callConnect(
    [compileConnect(t)],
    { address: '127.0.0.1', port: await findFreePort() },
    0.1,
    t.signal,
  );
  assert.equal(report.connects, 0);
  assert.ok(report.errors > 0);
  assert.equal(report.error, 'Connection refused');
});

test('a load program that fails is told by its command', { skip }, async (t) => {
  const program = compileConnect(t);
  await assert.rejects(
    callConnect([program], { address: 'nowhere', port: 1 }, 0.1, t.signal),
    /connect ended with code 1/,
  );
});

function compileConnect(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'connect-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return compile('connect', folder);
}
