// A directory watched while it is edited in all the ways that editors, tools and kubelets edit. Waits for states, not times.
import assert from 'node:assert/strict';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { DirectorySource } from './directory.ts';
import type { SourceResult } from './source.ts';

const namespace = (name: string, x = ''): string =>
  `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name}${x === '' ? '' : `, labels: { x: '${x}' }`} }\n`;

test('an edit in place, by rename, and by truncating first', async (t) => {
  const watched = open(t, { 'a.yaml': namespace('a', '0') });
  writeFileSync(watched.path('a.yaml'), namespace('a', '1'));
  await watched.until('a=1');
  writeFileSync(watched.path('a.yaml.tmp'), namespace('a', '2'));
  renameSync(watched.path('a.yaml.tmp'), watched.path('a.yaml'));
  await watched.until('a=2');
  const file = openSync(watched.path('a.yaml'), 'w');
  // Longer than a burst of changes is waited for: the file stays empty, and what it held stays served.
  await sleep(200);
  writeSync(file, namespace('a', '3'));
  closeSync(file);
  await watched.until('a=3');
  assert.deepEqual([...new Set(watched.states)], ['a=1', 'a=2', 'a=3']);
});

test('a file that is emptied for good loses its objects', async (t) => {
  const watched = open(t, { 'a.yaml': namespace('a'), 'b.yaml': namespace('b') });
  writeFileSync(watched.path('a.yaml'), '');
  await watched.until('b');
  assert.deepEqual(watched.states, ['b']);
});

test('several files at once are one state', async (t) => {
  const files = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`${i}.yaml`, namespace(`n${i}`, '0')]),
  );
  const watched = open(t, files);
  for (const i of Object.keys(files).keys())
    writeFileSync(watched.path(`${i}.yaml`), namespace(`n${i}`, '1'));
  const all = Object.keys(files)
    .map((_, i) => `n${i}`)
    .sort()
    .map((name) => `${name}=1`)
    .join(' ');
  await watched.until(all);
  assert.deepEqual(watched.states, [all]);
});

test('new files and directories, moved and deleted ones', async (t) => {
  const watched = open(t, { 'a.yaml': namespace('a') });
  mkdirSync(watched.path('sub/deep'), { recursive: true });
  writeFileSync(watched.path('sub/deep/b.yaml'), namespace('b'));
  await watched.until('a b');
  writeFileSync(watched.path('sub/deep/b.yaml'), namespace('b', '1'));
  await watched.until('a b=1');
  renameSync(watched.path('sub'), watched.path('.sub'));
  await watched.until('a');
  renameSync(watched.path('.sub'), watched.path('back'));
  await watched.until('a b=1');
  writeFileSync(watched.path('back/deep/b.yaml'), namespace('b', '2'));
  await watched.until('a b=2');
  unlinkSync(watched.path('back/deep/b.yaml'));
  await watched.until('a');
});

test('a ConfigMap mount is swapped as one', async (t) => {
  const watched = open(t, {});
  const version = (name: string, x: string): void => {
    mkdirSync(watched.path(name));
    for (const file of ['a', 'b']) writeFileSync(watched.path(`${name}/${file}.yaml`), namespace(file, x));
    symlinkSync(name, watched.path('..data_tmp'));
    renameSync(watched.path('..data_tmp'), watched.path('..data'));
  };
  version('..1', '1');
  for (const file of ['a', 'b']) symlinkSync(`..data/${file}.yaml`, watched.path(`${file}.yaml`));
  await watched.until('a=1 b=1');
  version('..2', '2');
  rmSync(watched.path('..1'), { recursive: true });
  await watched.until('a=2 b=2');
  version('..3', '3');
  await watched.until('a=3 b=3');
  assert.ok(!watched.states.some((state) => /a=(\d) b=(?!\1)/.test(state)), watched.states.join(', '));
});

test('a broken edit is reported and changes nothing, its repair is served', async (t) => {
  const watched = open(t, { 'a.yaml': namespace('a', '1') });
  writeFileSync(watched.path('a.yaml'), 'kind: [');
  await watched.untilFinding('SLU0101');
  writeFileSync(watched.path('a.yaml'), namespace('a', '2'));
  await watched.until('a=2');
  assert.deepEqual([...new Set(watched.states)], ['a=1', 'a=2']);
  assert.deepEqual(watched.source.load().findings, []);
});

test('a vanished directory keeps its state and is found again', async (t) => {
  const watched = open(t, { 'a.yaml': namespace('a', '1') });
  renameSync(watched.path(''), `${watched.path('')}.away`);
  await watched.untilFinding('SLU0115');
  mkdirSync(watched.path(''));
  writeFileSync(watched.path('a.yaml'), namespace('a', '2'));
  await watched.until('a=2');
  writeFileSync(watched.path('a.yaml'), namespace('a', '3'));
  await watched.until('a=3');
  assert.deepEqual([...new Set(watched.states)], ['a=1', 'a=2', 'a=3']);
  rmSync(`${watched.path('')}.away`, { recursive: true });
});

test('1,000 quick edits end in the last state, and are valid all the way', async (t) => {
  const watched = open(t, { 'a.yaml': namespace('a', '0'), 'b.yaml': namespace('b', '0') });
  for (let i = 1; i <= 1000; i++) {
    if (i % 2 === 0) writeFileSync(watched.path('a.yaml'), namespace('a', `${i}`));
    else {
      writeFileSync(watched.path('b.tmp'), namespace('b', `${i}`));
      renameSync(watched.path('b.tmp'), watched.path('b.yaml'));
    }
    if (i % 10 === 0) await sleep(1);
  }
  await watched.until('a=1000 b=999');
  assert.ok(
    watched.states.every((state) => /^a=\d+ b=\d+$/.test(state)),
    watched.states.join(', '),
  );
  assert.ok(watched.results.every((result) => result.findings.length === 0));
});

test('what changes between load and watch is told at once; after close nothing is', async (t) => {
  const watched = open(t, { 'a.yaml': namespace('a', '1') }, false);
  watched.source.load();
  writeFileSync(watched.path('a.yaml'), namespace('a', '2'));
  watched.start();
  await watched.until('a=2');
  watched.source.close();
  writeFileSync(watched.path('a.yaml'), namespace('a', '3'));
  await sleep(150);
  assert.deepEqual(watched.states, ['a=2']);
});

interface Watched {
  readonly source: DirectorySource;
  readonly results: SourceResult[];
  /** One word for each Namespace, for every state that was told. */
  readonly states: string[];
  path(name: string): string;
  start(): void;
  until(state: string): Promise<void>;
  untilFinding(code: string): Promise<void>;
}

/** A directory of these files, watched until the test ends. */
function open(t: TestContext, files: Readonly<Record<string, string>>, start = true): Watched {
  const base = mkdtempSync(join(tmpdir(), 'sluice-watch-'));
  const root = join(base, 'manifests');
  mkdirSync(root);
  const path = (name: string): string => (name === '' ? root : join(root, name));
  for (const [name, text] of Object.entries(files)) writeFileSync(path(name), text);
  const source = DirectorySource.open(root);
  const results: SourceResult[] = [];
  const states: string[] = [];
  let told = (): void => {};
  t.after(() => {
    source.close();
    rmSync(base, { recursive: true, force: true });
  });
  const watched: Watched = {
    source,
    results,
    states,
    path,
    start: () =>
      source.watch((result) => {
        results.push(result);
        states.push(describe(result));
        told();
      }),
    until: (state) =>
      waitFor(
        () => states.at(-1) === state,
        () => `want ${state}, have ${states.join(', ')}`,
      ),
    untilFinding: (code) =>
      waitFor(
        () => results.at(-1)?.findings.some((finding) => finding.code === code) === true,
        () => `want finding ${code}, have ${JSON.stringify(results.at(-1)?.findings)}`,
      ),
  };
  if (start) {
    source.load();
    watched.start();
  }
  return watched;

  async function waitFor(holds: () => boolean, explain: () => string): Promise<void> {
    const deadline = AbortSignal.timeout(20_000);
    while (!holds()) {
      if (deadline.aborted) assert.fail(explain());
      await Promise.race([new Promise<void>((resolve) => (told = resolve)), sleep(1000)]);
    }
  }
}

function describe(result: SourceResult): string {
  return result.resources.namespaces
    .map(
      ({ metadata }) =>
        metadata.name + (metadata.labels?.['x'] === undefined ? '' : `=${metadata.labels['x']}`),
    )
    .join(' ');
}
