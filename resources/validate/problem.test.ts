// Paths as text and back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatPath, parsePath, show, type Step } from './problem.ts';

test('a path is written as people write it', () => {
  const path = ['spec', 'rules', 0, 'matches', 1, 'path', 'value'];
  assert.equal(formatPath(path), 'spec.rules[0].matches[1].path.value');
  assert.equal(formatPath(['metadata', 'labels', 'a.b/c']), "metadata.labels['a.b/c']");
  assert.equal(formatPath([]), '');
});

test('any path is read back', () => {
  const step = fc.oneof(
    fc.nat(1000),
    fc.string().filter((text) => !text.includes("'")),
  );
  fc.assert(
    fc.property(fc.array<Step>(step), (path) => {
      assert.deepEqual(parsePath(formatPath(path)), path);
    }),
  );
});

test('what is not a path is refused', () => {
  for (const text of ['a b', 'a[', 'a[x]', '[0', "a['b]"]) assert.equal(parsePath(text), undefined, text);
});

test('a value is shown short', () => {
  assert.equal(show('a'), '"a"');
  assert.equal(show('a'.repeat(100)).length, 60);
  assert.equal(show(undefined), 'undefined');
});
