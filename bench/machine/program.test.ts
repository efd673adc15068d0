import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NODE } from './checkout.ts';
import { Program } from './program.ts';
import { listSession, readUsage } from './session.ts';

const FAMILY = `
import { spawn } from 'node:child_process';
spawn(process.execPath, ['-e', 'console.log("up"); for (;;);'], { stdio: 'inherit' });
setInterval(() => {}, 1000);`;

test('CPU time and memory are those of the whole session, and stop ends all of it', async (t) => {
  const program = new Program('family', [NODE, '--input-type=module', '-e', FAMILY], { core: 0 });
  t.after(() => program.stop());
  while (program.log === '') await pause();
  assert.equal(listSession(program.pid).length, 2);
  const before = readUsage(program.pid);
  for (let now = before; now.cpuNs === before.cpuNs; now = readUsage(program.pid)) await pause();
  assert.ok(before.rssBytes > 1e6);
  await program.stop();
  assert.equal(program.running, false);
  assert.deepEqual(listSession(program.pid).filter(isAlive), []);
});

test('a program that cannot start says why', async () => {
  const program = new Program('nothing', ['/nonexistent/program'], { core: 0 });
  assert.notEqual(await program.exited, 0);
  assert.match(program.log, /nonexistent/);
});

function isAlive(pid: number): boolean {
  try {
    return readUsage(pid).rssBytes > 0;
  } catch {
    return false;
  }
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 10));
}
