import { test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { renderPages } from './pages.ts';

const ROOT = join(import.meta.dirname, '../..');

for (const [path, text] of renderPages()) {
  test(`${path} is what its table says`, () => {
    assert.equal(readFileSync(join(ROOT, path), 'utf8'), text, 'mend: npm run generate');
  });

  test(`${path} links to pages that exist`, () => {
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)\)/g))
      assert.ok(existsSync(join(ROOT, dirname(path), target)), target);
  });
}
