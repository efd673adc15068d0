// The whole chain can fail: with nothing between client and backend, what a gateway must hold back arrives.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadCorpus } from '../corpus/corpus.ts';
import type { CaseResult } from '../report.ts';
import type { Front } from './front.ts';
import { Recorder } from './recorder.ts';
import { runCorpus } from './run-corpus.ts';

/** All of `ok`, and what only a gateway can do wrong, passes. */
const LET_THROUGH = [
  'hop-conn-list',
  'hop-ka',
  'hop-upg-noconn',
  'hop-upg-unknown',
  'host-at',
  'host-brk',
  'host-comma',
  'host-dup',
  'host-dupsame',
  'host-hash',
  'host-quest',
  'host-slash',
  'host-space',
  'host-tab',
];

async function judgeRecorder(families: readonly string[], front: Partial<Front> = {}): Promise<CaseResult[]> {
  const recorder = await Recorder.open(0);
  try {
    return await runCorpus({
      families: loadCorpus('open').filter(({ family }) => families.includes(family)),
      front: { host: '127.0.0.1', http: recorder.port, h2c: undefined, tls: undefined, ...front },
      recorder,
      stop: new AbortController().signal,
      say: () => undefined,
    });
  } finally {
    await recorder.close();
  }
}

test('a gateway that holds nothing back fails most cases of Host and half of those of hop-by-hop fields', async () => {
  const results = await judgeRecorder(['host', 'hop', 'ok']);
  const failed = results.filter(({ outcome }) => outcome === 'failed').map(({ id }) => id);
  assert.deepEqual(failed.sort(), LET_THROUGH);
  assert.equal(results.filter(({ unsafe }) => unsafe).length, 13);
});

test('what cannot be judged is skipped with its reason', async () => {
  const results = await judgeRecorder(['h2req', 'tls']);
  assert.equal(results.length, 54);
  for (const { id, outcome, findings } of results)
    assert.deepEqual([outcome, findings.length], ['skipped', 1], id);
});

test('nobody at a port is a failure, not a refusal', async () => {
  const recorder = await Recorder.open(0);
  const { port } = recorder;
  await recorder.close();
  const results = await judgeRecorder(['tls'], { tls: port });
  for (const { id, outcome, findings } of results)
    assert.equal(outcome, 'failed', `${id} ${findings.join()}`);
});
