// `npm run generate`, first half: CRDs and OpenAPI definitions in resources/crd -> interfaces and schemas.
// With --check nothing is written; the exit code is 1 when a generated file is not what it would be.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from './generate.ts';

const ROOT = join(import.meta.dirname, '../..');

const check = process.argv.includes('--check');
for (const [path, text] of generate(ROOT)) {
  const file = join(ROOT, path);
  if (read(file) === text) continue;
  if (check) {
    console.error(`${path} is not current: run npm run generate`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
