// Cutting a stream into documents loses nothing and changes nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { splitDocuments } from './split.ts';

test('cuts at document markers, and only there', () => {
  assert.deepEqual(splitDocuments('a: 1\n---\nb: ---\n--- # c\n---x: 1\n'), [
    { text: 'a: 1\n', line: 0 },
    { text: '---\nb: ---\n', line: 1 },
    { text: '--- # c\n---x: 1\n', line: 3 },
  ]);
  assert.deepEqual(splitDocuments(''), []);
  assert.equal(splitDocuments('%YAML 1.2\n---\na: 1\n---\nb: 2\n').length, 1);
});

test('the pieces are the whole, each with its line, and parse to the same documents', () => {
  const line = fc.constantFrom(
    '---',
    '--- {a: 1}',
    'a: |',
    '  text',
    'b: 2',
    '',
    '# c',
    '- x',
    '...',
    '---\r',
    '"q',
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = lines.join('\n');
      const chunks = splitDocuments(text);
      assert.equal(chunks.map((chunk) => chunk.text).join(''), text);
      for (const chunk of chunks)
        assert.ok(text.split('\n').slice(chunk.line).join('\n').startsWith(chunk.text));
      const whole = values(text);
      if (whole !== undefined)
        assert.deepEqual(
          chunks.flatMap((chunk) => values(chunk.text) ?? []),
          whole,
        );
    }),
    { numRuns: 500 },
  );
});

/** The documents that say something; undefined when one has an error. */
function values(text: string): readonly unknown[] | undefined {
  const documents = parseAllDocuments(text, { logLevel: 'silent' });
  if (!Array.isArray(documents)) return [];
  if (documents.some((document) => document.errors.length > 0)) return undefined;
  return documents.map((document) => document.toJS() as unknown).filter((value) => value !== null);
}
