import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '#resources/finding';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'agent/main.ts');
const CANARY = join(ROOT, 'examples/canary');

let directory = '';
before(() => (directory = mkdtempSync(join(tmpdir(), 'sluice-analyze-'))));
after(() => rmSync(directory, { recursive: true }));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

async function analyze(...words: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, 'analyze', ...words], { cwd: directory });
  let out = '';
  let error = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, error };
}

/** The canary example, with one text of one file replaced. */
function canaryWith(name: string, file: string, from: string, to: string): string {
  const path = join(directory, name);
  cpSync(CANARY, path, { recursive: true });
  const text = readFileSync(join(path, file), 'utf8');
  assert.ok(text.includes(from), `${file} holds ${from}`);
  writeFileSync(join(path, file), text.replace(from, to));
  return name;
}

test('the example has no findings', async () => {
  const { code, out, error } = await analyze(CANARY);
  assert.deepEqual({ code, error }, { code: 0, error: '' });
  assert.match(out, /^[0-9]+ objects: 0 errors, 0 warnings, 0 info\n$/);
  const json = await analyze(CANARY, '-o', 'json');
  assert.deepEqual([json.code, JSON.parse(json.out)], [0, []]);
});

test('broken YAML and a broken field: place, code, object, field and mend, exit code 1', async () => {
  const path = canaryWith('weight', 'httproute.yaml', 'weight: 90', 'weight: 2000000');
  writeFileSync(join(directory, path, 'zz.yaml'), 'kind: [\n');
  const { code, out } = await analyze(path);
  assert.equal(code, 1);
  const lines = out.trimEnd().split('\n');
  const weight = lines.find((line) => line.includes('SLU0103'))!;
  assert.match(
    weight,
    /^weight\/httproute\.yaml:18:\d+: error SLU0103 HTTPRoute shop\/cart spec\.rules\[0\]\.backendRefs\[0\]\.weight: .*\. Mend: \S/,
  );
  assert.ok(
    lines.some((line) => /^weight\/zz\.yaml:\d+:\d+: error SLU0101 .*Mend: /.test(line)),
    out,
  );
  assert.match(lines.at(-1)!, /^[0-9]+ objects: 2 errors, /);
});

test('what only translation finds has its place too, in text and in JSON', async () => {
  const path = canaryWith('reference', 'httproute.yaml', 'name: cart-v2', 'name: cart-v3');
  const json = await analyze(path, '-o', 'json');
  assert.equal(json.code, 1);
  const findings = JSON.parse(json.out) as Finding[];
  const found = findings.find(({ message }) => message.includes('cart-v3'))!;
  assert.match(found.code, /^SLU02\d\d$/);
  assert.equal(found.object, 'HTTPRoute shop/cart');
  assert.equal(found.file, 'reference/httproute.yaml');
  assert.equal(found.line, 19);
  assert.ok(found.mend.length > 0);
  const text = await analyze(path);
  assert.ok(
    text.out.includes(`reference/httproute.yaml:19:${found.column}: error ${found.code} HTTPRoute shop/cart`),
    text.out,
  );
});

test('warnings alone leave the exit code at 0', async () => {
  const path = join(directory, 'empty');
  cpSync(CANARY, path, { recursive: true, filter: (file) => !file.endsWith('.yaml') });
  const { code, out } = await analyze('empty');
  assert.equal(code, 0, out);
  assert.match(out, /warning SLU0116 .*\n0 objects: 0 errors, 1 warning, 0 info\n$/);
});

test('a directory that does not exist is an error', async () => {
  const { code, out } = await analyze('nowhere');
  assert.equal(code, 1);
  assert.match(out, /^nowhere: error SLU0115 /);
});

test('without a directory: exit code 2', async () => {
  const { code, out, error } = await analyze();
  assert.deepEqual([code, out], [2, '']);
  assert.match(error, /DIR is missing/);
});
