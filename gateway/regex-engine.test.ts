import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import { enableLinearRegexEngine } from './regex-engine.ts';

/** Without the flags this runs for longer than anyone waits. */
const PATIENCE_MS = 30_000;

test('in a worker, a regex that backtracks too much still comes to an end', async () => {
  enableLinearRegexEngine();
  const source = `
    const { parentPort, workerData } = await import('node:worker_threads');
    const { compileRegex } = await import(workerData);
    parentPort.postMessage(compileRegex('/(a+)+b[0-9]{1,40}').test('/' + 'a'.repeat(60)));`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
    workerData: new URL('./route/regex.ts', import.meta.url).href,
  });
  try {
    const [matched] = (await once(worker, 'message', { signal: AbortSignal.timeout(PATIENCE_MS) })) as [
      boolean,
    ];
    assert.equal(matched, false);
  } finally {
    await worker.terminate();
  }
});
