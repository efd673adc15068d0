// Lines and columns against the plain way to count them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { LineTable } from './line-table.ts';

test('counts as one would by hand', () => {
  const text = fc.array(fc.constantFrom('a', '\n', '\r\n', 'é')).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, fc.integer({ min: -2, max: 30 }), (text, offset) => {
      const before = text.slice(0, Math.max(offset, 0)).split('\n');
      assert.deepEqual(new LineTable(text).at(offset), {
        line: before.length,
        column: (before.at(-1) ?? '').length + 1,
      });
    }),
  );
});
