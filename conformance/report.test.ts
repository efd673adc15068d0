import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderReport, reportToJson, type CaseResult } from './report.ts';

const CASES: readonly CaseResult[] = [
  { id: 'a', group: 'host', outcome: 'passed', findings: [] },
  { id: 'b', group: 'host', outcome: 'failed', findings: ['FORWARDED x'], unsafe: true },
  { id: 'c', group: 'te', outcome: 'failed', findings: ['NOREPLY'] },
  { id: 'd', group: 'tls', outcome: 'skipped', findings: ['no port'] },
];
const REPORT = { subject: 'nginx 1.2', cases: CASES, notes: ['a note'] };

test('people see groups, failures and skips, and the count at the end', () => {
  assert.deepEqual(renderReport(REPORT), [
    'nginx 1.2',
    '  host           1 passed, 1 failed (1 unsafe)',
    '  te             0 passed, 1 failed',
    '  tls            0 passed, 1 skipped',
    'skipped:',
    '  tls d: no port',
    'failed:',
    '  host b UNSAFE: FORWARDED x',
    '  te c: NOREPLY',
    'a note',
    '1 of the failures are unsafe',
    '1 passed, 2 failed, 1 skipped',
  ]);
});

test('a run of nothing says so', () => {
  assert.deepEqual(renderReport({ ...REPORT, cases: [], notes: [] }).slice(1), [
    'no case was executed: that counts as a failure',
    '0 passed, 0 failed, 0 skipped',
  ]);
});

test('programs see the same', () => {
  const json = reportToJson('http1', 'nginx', REPORT) as Record<string, unknown>;
  assert.deepEqual(
    [json['suite'], json['target'], json['passed'], json['failed'], json['skipped'], json['unsafe']],
    ['http1', 'nginx', 1, 2, 1, 1],
  );
  assert.deepEqual((json['groups'] as Record<string, unknown>)['te'], {
    passed: 0,
    failed: 1,
    skipped: 0,
    unsafe: 0,
  });
  assert.equal(json['cases'], CASES);
});
