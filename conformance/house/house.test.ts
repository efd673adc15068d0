import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDocReferences } from './doc-reference.ts';
import { checkFileNames } from './file-name.ts';
import { checkFileSizes, MEDIAN_LINES, MOST_LINES } from './file-size.ts';
import { checkForeignText } from './foreign-text.ts';
import { readTrackedFiles, ROOT, type TrackedFile } from './tracked-file.ts';

const repository = readTrackedFiles(ROOT);
const skip = repository === undefined ? 'not a git checkout' : false;

test('the repository keeps the size of its files', { skip }, () => {
  assert.deepEqual(checkFileSizes(repository ?? []), []);
});

test('the repository keeps the names of its files', { skip }, () => {
  assert.deepEqual(checkFileNames(repository ?? []), []);
});

test('the repository holds no foreign text', { skip }, () => {
  assert.deepEqual(checkForeignText(repository ?? []), []);
});

test('the pages of the repository point to what is there', { skip }, () => {
  assert.deepEqual(checkDocReferences(repository ?? []), []);
});

test('a page that points to nothing is found', () => {
  const others = [file('gateway/a.ts'), file('docs/b.md', '# One, two\n')];
  const page = (text: string): string[] => checkDocReferences([...others, file('docs/a.md', text)]);
  for (const text of ['[x](c.md)', '[x](b.md#three)', '[x](#here)', '`c.ts`', '`datapath/a.ts`'])
    assert.equal(page(text).length, 1, text);
  for (const text of [
    '[x](b.md)',
    '[x](b.md#one-two)',
    '[x](../gateway)',
    '[x](https://example.org)',
    '`a.ts` and `gateway/a.ts`',
    '```\n[x](c.md)\n```\n',
  ])
    assert.deepEqual(page(text), [], text);
});

test('a long file and a long median are found', () => {
  const long = file('a.ts', 'x\n'.repeat(MOST_LINES + 1));
  assert.match(checkFileSizes([long, file('b.ts'), file('c.ts')]).join(), /^a\.ts: 401 lines/);
  assert.deepEqual(checkFileSizes([{ ...long, path: 'a.gen.ts' }]), []);
  const middling = 'x\n'.repeat(MEDIAN_LINES + 1);
  assert.match(checkFileSizes([file('a.ts', middling), file('b.c', middling)]).join(), /median of 2 files/);
});

test('vague and misspelt names are found', () => {
  for (const path of ['a/utils.ts', 'a/route-helper.ts', 'a/types.ts', 'a/common.h', 'a/manager.test.ts'])
    assert.equal(checkFileNames([file(path)]).length, 1, path);
  for (const path of ['a/RouteTable.ts', 'a/route_table.ts'])
    assert.equal(checkFileNames([file(path)]).length, 1, path);
  for (const path of ['a/type/service.gen.ts', 'a/filetype.ts', 'README.md', 'a/http1.test.ts'])
    assert.deepEqual(checkFileNames([file(path)]), [], path);
});

test('every kind of foreign text is found, with its line', () => {
  const cases: [path: string, text: string][] = [
    ['gateway/a.ts', `\nimport koffi from ${quoted('koffi')};`],
    ['datapath/a.test.ts', `await import(${quoted('koffi')});`],
    ['docs/a.md', ['see ', 'home', 'somebody', 'x'].join('/')],
    ['agent/a.ts', `open('${['', 'root', '.cache'].join('/')}')`],
    ['package-lock.json', ['"resolved": "https', '//example.test/a.tgz"'].join(':')],
    ['docs/a.md', ['registry', 'npmjs', 'org'].join('.')],
    ['docs/a.md', ['..', 'shared', 'design.md'].join('/')],
    ['certs/a.pem', ['-----BEGIN EC PRIVATE', 'KEY-----'].join(' ')],
    ['bpf/a.test.ts', ['skip', 'true'].join(': ')],
    ['bpf/a.test.ts', ['test', `only('x')`].join('.')],
  ];
  for (const [path, text] of cases)
    assert.equal(checkForeignText([file(path, text)]).length, 1, `${path}: ${text}`);
  assert.match(checkForeignText([file(...cases[0]!)])[0]!, /^gateway\/a\.ts:2: only native/);
});

test('what is allowed is not found', () => {
  const allowed: [path: string, text: string][] = [
    ['native/libc.ts', `import koffi from ${quoted('koffi')};`],
    ['package-lock.json', '"integrity": "sha512-a"'],
    ['docs/a.md', 'pins live under /sys/fs/bpf/sluice and /run/sluice/'],
    ['bpf/a.test.ts', `test('x', { skip: needsRoot() }, () => {});`],
  ];
  for (const [path, text] of allowed) assert.deepEqual(checkForeignText([file(path, text)]), []);
});

function file(path: string, text = 'one line\n'): TrackedFile {
  return { path, text };
}

function quoted(name: string): string {
  return `'${name}'`;
}
