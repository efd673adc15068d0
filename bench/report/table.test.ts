import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderTable } from './table.ts';

test('columns are as wide as their widest cell', () => {
  const text = renderTable(
    ['peer', 'us'],
    [
      ['nginx', '17.0'],
      ['http2-proxy', '180.25'],
    ],
  );
  assert.equal(
    text,
    ['peer             us', '-----------  ------', 'nginx          17.0', 'http2-proxy  180.25'].join('\n'),
  );
});
