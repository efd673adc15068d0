import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findEnd, judgeCase, runCase, skipCase } from './case.ts';
import { Program } from './machine/program.ts';

test('nothing wrong is a pass, and figures are kept in any case', () => {
  assert.deepEqual(judgeCase('g', 'a', [], '3 ms'), {
    id: 'a',
    group: 'g',
    outcome: 'passed',
    findings: ['3 ms'],
  });
  assert.deepEqual(judgeCase('g', 'a', ['cut']).outcome, 'failed');
  assert.deepEqual(skipCase('g', 'a', 'why').findings, ['why']);
});

test('what a check throws is wrong', async () => {
  const { outcome, findings } = await runCase('g', 'a', () => Promise.reject(new Error('no answer')));
  assert.deepEqual([outcome, findings], ['failed', ['no answer']]);
});

test('a program that ended is told with the line that says why', async () => {
  const script = `console.error('begin\\nTypeError: x\\n    at y\\n\\nNode.js v1'); process.exitCode = 1`;
  const program = new Program('p', [process.execPath, '-e', script]);
  assert.deepEqual(findEnd(program), []);
  await program.exited;
  await program.stop();
  assert.deepEqual(findEnd(program), ['it ended: TypeError: x']);
});
