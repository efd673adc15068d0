// Who may import whom is a lint rule. Every pattern of every rule is shown to fire on an import that it forbids, since a
// pattern that matches nothing looks just like a clean house.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT } from './tracked-file.ts';

const CONFIG = '.oxlintrc.json';
const RULE = 'no-restricted-imports';

interface Configuration {
  readonly rules: Readonly<Record<string, unknown>>;
  readonly overrides: readonly {
    readonly files: string[];
    readonly rules: Readonly<Record<string, unknown>>;
  }[];
}

interface Pattern {
  readonly regex: string;
  readonly message: string;
}

const CONFIGURATION = JSON.parse(readFileSync(join(ROOT, CONFIG), 'utf8')) as Configuration;

/** [file, what it imports]: each is forbidden. */
const FORBIDDEN: readonly (readonly [string, string])[] = [
  ['certs/x.ts', 'koffi'],
  ['agent/x.ts', 'koffi'],
  ['native/x.ts', '#gateway/proxy/proxy'],
  ['native/deep/x.ts', '../../datapath/datapath.ts'],
  ['resources/x.ts', 'koffi'],
  ['resources/x.ts', '#native/libc'],
  ['resources/source/x.ts', '../../gateway/model/route.ts'],
  ['datapath/x.ts', 'koffi'],
  ['datapath/x.ts', '#resources/finding'],
  ['datapath/x.ts', '#gateway/model/route'],
  ['datapath/deep/x.ts', '../../agent/main.ts'],
  ['gateway/x.ts', 'koffi'],
  ['gateway/proxy/x.ts', '#datapath/datapath'],
  ['gateway/proxy/x.ts', '#agent/main'],
  ['gateway/proxy/x.ts', '../../native/libc.ts'],
  ['gateway/model/x.ts', 'node:fs'],
  ['gateway/translate/x.ts', '#native/libc'],
  ['gateway/route/x.ts', '../proxy/proxy.ts'],
  ['datapath/plan/x.ts', 'node:crypto'],
  ['datapath/plan/x.ts', '#native/libc'],
  ['conformance/x.ts', 'koffi'],
  ['conformance/x.ts', '#gateway/proxy/proxy'],
  ['bench/scenario/x.ts', '../../agent/main.ts'],
  ['bench/x.ts', '#datapath/datapath'],
];

/** Each is allowed, beside the ones above. */
const ALLOWED: readonly (readonly [string, string])[] = [
  ['native/y.ts', 'koffi'],
  ['native/y.ts', './libc.ts'],
  ['datapath/y.ts', '#native/libc'],
  ['gateway/proxy/y.ts', '#native/epoll'],
  ['gateway/translate/y.ts', '#resources/store/resources'],
  ['gateway/translate/y.ts', '../model/route.ts'],
  ['agent/y.ts', '#gateway/proxy/proxy'],
  ['agent/y.ts', '#datapath/datapath'],
  ['bench/y.ts', 'node:fs'],
  ['gateway/proxy/y.test.ts', '#datapath/datapath'],
];

const OXLINT = join(ROOT, 'node_modules/.bin/oxlint');
/** npm leaves the binding of oxlint out, without a word, when the Node that installs is older than oxlint wants. */
const skip =
  spawnSync(OXLINT, ['--version']).status === 0
    ? false
    : 'oxlint does not start: install with Node 20.19 or later (npm ci --ignore-scripts)';

let house: string;
let messages: ReadonlyMap<string, readonly string[]>;

before(() => {
  if (skip !== false) return;
  house = mkdtempSync(join(tmpdir(), 'folder-rules-'));
  // Types play no part in it, and would need the checkout's node_modules.
  writeFileSync(join(house, CONFIG), JSON.stringify({ ...CONFIGURATION, options: { typeAware: false } }));
  const files = new Map<string, string[]>();
  for (const [file, specifier] of [...FORBIDDEN, ...ALLOWED])
    files.set(file, [...(files.get(file) ?? []), `import '${specifier}';`]);
  for (const [file, lines] of files) {
    mkdirSync(join(house, dirname(file)), { recursive: true });
    writeFileSync(join(house, file), `${lines.join('\n')}\n`);
  }
  messages = lint(house);
});

after(() => {
  if (skip === false) rmSync(house, { recursive: true, force: true });
});

test('each forbidden import is refused', { skip }, () => {
  for (const [file, specifier] of FORBIDDEN)
    assert.ok(found(file, specifier).length > 0, `${file} may import ${specifier}`);
});

test('each allowed import passes', { skip }, () => {
  for (const [file, specifier] of ALLOWED)
    assert.deepEqual(found(file, specifier), [], `${file} ${specifier}`);
});

test('every pattern of the configuration has fired', { skip }, () => {
  const fired = new Set([...messages.values()].flat());
  for (const { files, rules } of [
    { files: ['everywhere'], rules: CONFIGURATION.rules },
    ...CONFIGURATION.overrides,
  ])
    for (const pattern of patternsOf(rules[RULE]))
      assert.ok(
        [...fired].some((message) => message.includes(pattern.message)),
        `${files.join()}: ${pattern.regex} never fired. Mend: add an import to FORBIDDEN in this test, or repair it`,
      );
});

function patternsOf(rule: unknown): readonly Pattern[] {
  return Array.isArray(rule) ? (rule[1] as { patterns: Pattern[] }).patterns : [];
}

/** Messages of the rule about that import in that file. */
function found(file: string, specifier: string): readonly string[] {
  return messages.get(`${file} ${specifier}`) ?? [];
}

/** 'file specifier' -> messages. */
function lint(folder: string): ReadonlyMap<string, readonly string[]> {
  const { stdout } = spawnSync(OXLINT, ['-c', CONFIG, '--format', 'json', '.'], {
    cwd: folder,
    encoding: 'utf8',
  });
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: {
      code: string;
      message: string;
      help?: string;
      filename: string;
      labels: { span: { line: number } }[];
    }[];
  };
  const result = new Map<string, string[]>();
  for (const { code, message, help, filename, labels } of diagnostics) {
    if (!code.includes(RULE)) continue;
    const line = readFileSync(join(folder, filename), 'utf8').split('\n')[labels[0]!.span.line - 1]!;
    const key = `${filename} ${/'(.*)'/.exec(line)?.[1]}`;
    result.set(key, [...(result.get(key) ?? []), `${message} ${help ?? ''}`]);
  }
  return result;
}
