// A directory read again and again: what is served while files, permissions and the directory itself go wrong.
import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { formatFinding } from '../finding.ts';
import { DirectorySource } from './directory.ts';
import type { SourceResult } from './source.ts';

const namespace = (name: string, extra = ''): string =>
  `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name}${extra} }\n`;

test('reads all manifests below it, and nothing else', (t) => {
  const { root, source } = open(t);
  mkdirSync(join(root, 'deep/er'), { recursive: true });
  mkdirSync(join(root, '.git'));
  write(root, 'a.yaml', namespace('a'));
  write(root, 'deep/b.yml', namespace('b'));
  write(root, 'deep/er/c.json', '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"c"}}');
  for (const ignored of ['.hidden.yaml', '.git/d.yaml', 'e.yaml~', '#f.yaml#', 'g.yaml.swp', 'README.md'])
    write(root, ignored, 'not: [a manifest');
  assert.deepEqual(served(source.load()), ['a', 'b', 'c']);
  assert.deepEqual(source.load().findings, []);
});

test('a broken file keeps its last good content, and says so', (t) => {
  const { root, source } = open(t);
  write(root, 'a.yaml', `${namespace('a')}---\n${namespace('b')}`);
  write(root, 'c.yaml', namespace('c'));
  assert.deepEqual(served(source.load()), ['a', 'b', 'c']);
  write(
    root,
    'a.yaml',
    `${namespace('a', ', labels: { x: new }')}---\n${namespace('b', ', lables: {}')}---\n${namespace('d')}`,
  );
  write(root, 'c.yaml', namespace('c', ', labels: { x: new }'));
  const broken = source.load();
  // Of the broken file nothing is taken, of the other everything.
  assert.deepEqual(served(broken), ['a', 'b', 'c x=new']);
  assert.deepEqual(findings(root, broken), [
    "a.yaml: warning SLU0114 the file's last good content (2 objects) goes on being served. Mend: mend the errors of the file",
    'a.yaml:7:22: error SLU0104 Namespace b metadata.lables: unknown field. Mend: did you mean labels?',
  ]);
  write(root, 'a.yaml', `${namespace('a', ', labels: { x: new }')}---\n${namespace('d')}`);
  assert.deepEqual(served(source.load()), ['a x=new', 'c x=new', 'd']);
  assert.deepEqual(source.load().findings, []);
});

test('a file that was never good serves its valid objects', (t) => {
  const { root, source } = open(t);
  write(root, 'a.yaml', `${namespace('a')}---\nkind: [\n---\n${namespace('b')}`);
  const result = source.load();
  assert.deepEqual(served(result), ['a', 'b']);
  assert.match(findings(root, result)[0] ?? '', /^a\.yaml:\d+:\d+: error SLU0101 /);
});

test('positions of what is served are those of the text it was read from', (t) => {
  const { root, source } = open(t);
  write(root, 'a.yaml', `# one\n${namespace('a')}---\n${namespace('b')}`);
  source.load();
  const path = join(root, 'a.yaml');
  assert.deepEqual(source.locate('Namespace b'), { file: path, line: 6, column: 1 });
  assert.deepEqual(source.locate('Namespace b', 'metadata.name'), { file: path, line: 8, column: 13 });
  assert.deepEqual(source.locate('Namespace b', 'nothing[of].this'), { file: path, line: 6, column: 1 });
  assert.equal(source.locate('Namespace c'), undefined);
  write(root, 'a.yaml', 'broken: [');
  source.load();
  assert.deepEqual(source.locate('Namespace b', 'metadata.name'), { file: path, line: 8, column: 13 });
});

test('a deleted or moved file takes its objects with it', (t) => {
  const { root, source } = open(t);
  mkdirSync(join(root, 'sub'));
  write(root, 'a.yaml', namespace('a'));
  write(root, 'sub/b.yaml', namespace('b'));
  write(root, 'c.yaml', namespace('c'));
  const before = source.load();
  rmSync(join(root, 'a.yaml'));
  renameSync(join(root, 'c.yaml'), join(root, 'd.yaml'));
  const after = source.load();
  assert.deepEqual(served(after), ['b', 'c']);
  assert.equal(after.resources.namespaces[1]?.metadata.generation, 1);
  assert.equal(
    after.resources.namespaces[1]?.metadata.creationTimestamp,
    before.resources.namespaces[2]?.metadata.creationTimestamp,
  );
  rmSync(join(root, 'sub'), { recursive: true });
  assert.deepEqual(served(source.load()), ['c']);
});

test('an empty, vanished or foreign directory removes nothing', (t) => {
  const { root, source } = open(t);
  write(root, 'a.yaml', namespace('a'));
  source.load();
  rmSync(join(root, 'a.yaml'));
  const empty = source.load();
  assert.deepEqual(served(empty), ['a']);
  assert.deepEqual(findings(root, empty), [
    ': warning SLU0116 no *.yaml, *.yml or *.json file in it; its last 1 objects go on being served. Mend: put *.yaml, *.yml or *.json files into it',
  ]);
  rmSync(root, { recursive: true });
  const gone = source.load();
  assert.deepEqual(served(gone), ['a']);
  assert.deepEqual(findings(root, gone), [
    ': error SLU0115 the directory cannot be read (ENOENT: no such file or directory); its last 1 objects go on being served. Mend: restore the directory',
  ]);
  mkdirSync(root);
  write(root, 'b.yaml', namespace('b'));
  assert.deepEqual(served(source.load()), ['b']);
  assert.deepEqual(source.load().findings, []);
});

test('what does not exist, and a single file', (t) => {
  const { root, source } = open(t, 'missing');
  assert.deepEqual(served(source.load()), []);
  assert.equal(source.load().findings[0]?.code, 'SLU0115');
  mkdirSync(root);
  assert.equal(source.load().findings[0]?.code, 'SLU0116');
  write(root, 'one.yaml', namespace('one'));
  const single = DirectorySource.open(join(root, 'one.yaml'));
  assert.deepEqual(served(single.load()), ['one']);
});

test('what cannot be read keeps what it held', (t) => {
  const { root, source } = open(t);
  mkdirSync(join(root, 'sub'));
  write(root, 'a.yaml', namespace('a'));
  write(root, 'sub/b.yaml', namespace('b'));
  source.load();
  // Links to nothing: unreadable for everybody, root too.
  rmSync(join(root, 'a.yaml'));
  symlinkSync('nowhere', join(root, 'a.yaml'));
  renameSync(join(root, 'sub'), join(root, 'gone'));
  symlinkSync('sub', join(root, 'sub'));
  const result = source.load();
  assert.deepEqual(served(result), ['a', 'b']);
  assert.match(findings(root, result).join('\n'), /a\.yaml: error SLU0113 ENOENT/);
});

test('files that are not text, not regular or too large are named', (t) => {
  const { root, source } = open(t);
  writeFileSync(join(root, 'a.yaml'), Buffer.from([0x61, 0xff, 0xfe]));
  write(root, 'b.yaml', '');
  truncateSync(join(root, 'b.yaml'), 33 * 1024 * 1024);
  symlinkSync('/dev/null', join(root, 'c.yaml'));
  write(root, 'd.yaml', namespace('d'));
  const result = source.load();
  assert.deepEqual(served(result), ['d']);
  assert.deepEqual(findings(root, result), [
    'a.yaml: error SLU0113 not UTF-8 text. Mend: make the file readable for this process',
    'b.yaml: error SLU0113 larger than 32 MiB. Mend: make the file readable for this process',
    'c.yaml: error SLU0113 not a regular file. Mend: make the file readable for this process',
  ]);
});

test('links are followed, loops are not', (t) => {
  const { root, source } = open(t);
  mkdirSync(join(root, 'real'));
  write(root, 'real/a.yaml', namespace('a'));
  symlinkSync('..', join(root, 'real/up'));
  const other = mkdtempSync(join(tmpdir(), 'sluice-linked-'));
  t.after(() => rmSync(other, { recursive: true }));
  write(other, 'b.yaml', namespace('b'));
  symlinkSync(other, join(root, 'linked'));
  assert.deepEqual(served(source.load()), ['a', 'b']);
});

test('a byte order mark and Windows line ends are read', (t) => {
  const { root, source } = open(t);
  write(root, 'a.yaml', `\uFEFF${namespace('a')}---\n${namespace('b', ', x: 1')}`.replaceAll('\n', '\r\n'));
  const result = source.load();
  assert.deepEqual(served(result), ['a']);
  assert.match(findings(root, result)[0] ?? '', /^a\.yaml:7:22: error SLU0104/);
});

test('reading twice changes nothing, not even identity', (t) => {
  const { root, source } = open(t);
  write(root, 'a.yaml', `${namespace('a')}---\nkind: 1\n`);
  const first = source.load();
  assert.equal(source.load(), first);
  appendFileSync(join(root, 'a.yaml'), '# nothing\n');
  assert.equal(source.load().resources, first.resources);
  chmodSync(join(root, 'a.yaml'), 0o600);
  assert.equal(source.load().resources, first.resources);
});

function open(t: TestContext, below = ''): { root: string; source: DirectorySource } {
  const base = mkdtempSync(join(tmpdir(), 'sluice-directory-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  const root = join(base, below);
  return { root, source: DirectorySource.open(root) };
}

function write(root: string, name: string, text: string): void {
  writeFileSync(join(root, name), text);
}

/** Names of the Namespaces served, with label x. */
function served(result: SourceResult): readonly string[] {
  return result.resources.namespaces.map(
    ({ metadata }) =>
      metadata.name + (metadata.labels?.['x'] === undefined ? '' : ` x=${metadata.labels['x']}`),
  );
}

function findings(root: string, result: SourceResult): readonly string[] {
  return result.findings.map((finding) => formatFinding(finding).replace(root, '').replace(/^\//, ''));
}
