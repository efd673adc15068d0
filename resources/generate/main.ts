// `npm run generate`, first half: CRDs and OpenAPI definitions in resources/crd -> interfaces and schemas.
// With --check nothing is written; the exit code is 1 when a generated file is not what it would be.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generate } from './generate.ts';
import { vendor } from './vendor.ts';

const ROOT = join(import.meta.dirname, '../..');

const [flag, gatewayApi, kubernetes] = process.argv.slice(2);
if (flag === '--vendor' && gatewayApi !== undefined && kubernetes !== undefined)
  vendor(gatewayApi, kubernetes);

const check = process.argv.includes('--check');
const { files, validation } = generate(ROOT);
for (const [path, text] of files) {
  const file = join(ROOT, path);
  if (read(file) === text) continue;
  if (check) {
    console.error(`${path} is not current: run npm run generate`);
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  }
}

console.log(`CEL rules: ${validation.rules} checked, ${validation.excluded.length} left out`);
for (const rule of validation.excluded) console.log(`  left out: ${rule}`);

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
