// Findings as people see them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FINDING_CODES } from './finding-codes.ts';
import { formatFinding, makeFinding } from './finding.ts';

test('a finding is one line: place, level, code, object, field, message, mend', () => {
  const finding = makeFinding('SLU0103', {
    file: 'routes.yaml',
    line: 12,
    column: 7,
    object: 'HTTPRoute default/shop',
    field: 'spec.rules[0].backendRefs[0].weight',
    message: 'must be <= 1000000, not 2000000',
    mend: 'write a number in this range',
  });
  assert.equal(
    formatFinding(finding),
    'routes.yaml:12:7: error SLU0103 HTTPRoute default/shop spec.rules[0].backendRefs[0].weight: ' +
      'must be <= 1000000, not 2000000. Mend: write a number in this range',
  );
});

test('what is not known is left out, what is not given comes from the table', () => {
  assert.equal(
    formatFinding(makeFinding('SLU0116', { message: 'nothing in it' })),
    'warning SLU0116 nothing in it. Mend: put *.yaml, *.yml or *.json files into it',
  );
});

test('codes are of one form and every text is a phrase, not a sentence', () => {
  for (const [code, { level, title, mend }] of Object.entries(FINDING_CODES)) {
    assert.match(code, /^SLU0[1-3]\d\d$/);
    assert.match(level, /^(?:error|warning|info)$/);
    for (const text of [title, mend]) assert.match(text, /^\S.*[^.]$/, code);
  }
});
