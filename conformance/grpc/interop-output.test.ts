import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INTEROP_CASES, judgeInterop } from './interop-output.ts';

const QUIET = { code: 0, stdout: '', stderr: '', timedOut: false };

test('there are 15 different cases', () => {
  assert.equal(new Set(INTEROP_CASES).size, 15);
});

test('exit code 0 passes, and a soak tells its figures', () => {
  assert.deepEqual(judgeInterop('empty_unary', 'h2c', QUIET), {
    id: 'empty_unary',
    group: 'h2c',
    outcome: 'passed',
    findings: [],
  });
  const soak = '(server_uri: x) soak test successes: 20 / 20 iterations. Total failures: 0.\n[ 0.0 ...';
  assert.deepEqual(judgeInterop('rpc_soak', 'h2c', { ...QUIET, stderr: soak }).findings, [
    'soak test successes: 20 / 20 iterations',
  ]);
});

test('a failure tells the decisive line without its time', () => {
  const stderr =
    '2026/01/02 03:04:05 INFO: [core] something\n' +
    '2026/01/02 03:04:05 FATAL: [interop] /TestService/EmptyCall RPC failed:  rpc error: code = Unavailable\n' +
    'exit status 1\n';
  const result = judgeInterop('empty_unary', 'tls', { ...QUIET, code: 1, stderr });
  assert.deepEqual(
    [result.outcome, result.findings],
    ['failed', ['exit code 1', '/TestService/EmptyCall RPC failed:  rpc error: code = Unavailable']],
  );
});

test('a run that was ended fails, also without a word', () => {
  const result = judgeInterop('ping_pong', 'h2c', { ...QUIET, code: null, timedOut: true });
  assert.deepEqual([result.outcome, result.findings], ['failed', ['not done within the time limit']]);
});
