import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingsOf, runFault, type Fault } from '../faults/fault.ts';
import { TARGETS } from '../target/targets.ts';
import { choose } from './faults.ts';
import type { SuiteContext } from './suite.ts';

const context = (name: string): SuiteContext => ({
  target: TARGETS.find((target) => target.name === name)!,
  flags: {},
  folder: '',
  stop: new AbortController().signal,
  say: () => undefined,
});

test('faults are chosen by number', () => {
  assert.ok(choose(undefined).length > 20);
  assert.deepEqual(
    choose('12,2').map(({ name }) => name),
    ['12 no backend', '2 worker crash'],
  );
  assert.throws(() => choose('1'), /no fault '1'/);
});

test('a fault that cannot be brought about is a failure, and one for Sluice alone is skipped elsewhere', async () => {
  const fault: Fault = { name: '9 x', sluiceOnly: true, run: () => Promise.reject(new Error('no port')) };
  assert.deepEqual(await runFault(fault, context('sluice')), [
    { id: 'probe', group: '9 x', outcome: 'failed', findings: ['no port'] },
  ]);
  assert.equal((await runFault(fault, context('nginx')))[0]?.outcome, 'skipped');
});

test('cases of another suite keep their outcome', async () => {
  const cases = (['passed', 'failed', 'skipped'] as const).map((outcome) => ({
    id: outcome,
    group: 'other',
    outcome,
    findings: ['words'],
  }));
  const results = await runFault(
    { name: '9 x', run: () => Promise.resolve(findingsOf(cases)) },
    context('nginx'),
  );
  assert.deepEqual(
    results,
    cases.map((one) => ({ ...one, group: '9 x' })),
  );
});
