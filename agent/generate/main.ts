// `npm run generate`, last part: the reference pages from their tables.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderPages } from './pages.ts';

const ROOT = join(import.meta.dirname, '../..');

for (const [path, text] of renderPages()) writeFileSync(join(ROOT, path), text);
