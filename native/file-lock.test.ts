// An exclusive claim on a directory: refused to a second, free again when released or when its process is killed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileLock, lockHolder } from './file-lock.ts';

test('a second claim is refused until the first is released', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-lock-'));
  try {
    const first = FileLock.tryAcquire(directory);
    assert.ok(first);
    assert.equal(FileLock.tryAcquire(directory), undefined);
    assert.equal(lockHolder(directory), process.pid);
    first.release();
    first.release();
    assert.equal(lockHolder(directory), undefined);
    const second = FileLock.tryAcquire(directory);
    assert.ok(second);
    second.release();
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('kill -9 of the holder frees the claim', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-lock-'));
  try {
    const program = `
      import { FileLock } from ${JSON.stringify(new URL('file-lock.ts', import.meta.url).href)};
      globalThis.lock = FileLock.tryAcquire(process.argv[1]);
      process.stdout.write('held');
      setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', program, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    assert.equal(FileLock.tryAcquire(directory), undefined);
    assert.equal(lockHolder(directory), holder.pid);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const lock = FileLock.tryAcquire(directory);
    assert.ok(lock);
    lock.release();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
