import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findFreePort } from './testbed/free-port.ts';
import { canaryYaml } from './testbed/manifests.ts';
import { TestDirectory } from './testbed/test-directory.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const PYTHON = spawnSync('python3', ['--version']).error === undefined;

/** Starts argv on a terminal of its own, closes that terminal once it is ready, and tells the exit code. */
const HANG_UP = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
told = b''
while b'ready: ' not in told:
    told += os.read(terminal, 4096)
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

test('a terminal that hangs up stops the run in order', { skip: !PYTHON && 'needs python3' }, async () => {
  using directory = new TestDirectory();
  directory.write('base.yaml', canaryYaml(await findFreePort(), '10.97.0.1', {}));
  const words = [MAIN, 'run', directory.path, '--no-datapath', '--workers', '1', '--admin-port', '0'];
  const { stdout, stderr } = spawnSync('python3', ['-c', HANG_UP, process.execPath, ...words], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(stdout.trim(), '0', stderr);
});
