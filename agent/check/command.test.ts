import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { skipNobody } from '../run/testbed/nobody.ts';
import { CATEGORIES, verdictsOf, type CheckResult, type Verdict } from './check.ts';

const MAIN = join(import.meta.dirname, '../main.ts');
const NOT_ROOT = process.getuid?.() !== 0 && 'needs root to drop capabilities';

async function run(command: string, words: readonly string[]): Promise<{ code: number; out: string }> {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, out };
}

const check = (...words: string[]): Promise<{ code: number; out: string }> =>
  run(process.execPath, [MAIN, 'check', ...words]);

interface Report {
  readonly checks: readonly CheckResult[];
  readonly verdicts: readonly Verdict[];
}

test('text: every category, one line a check, verdicts at the end', async () => {
  const { code, out } = await check();
  assert.equal(code, 0);
  for (const category of CATEGORIES)
    assert.match(out, new RegExp(`^${category}\\n-+\\n(ok|warn|fail)  `, 'm'));
  assert.match(out, /BPF file system: .* for \/run\/sluice \(the default of --state\)/);
  assert.match(out, /sluice run will\n-+\nyes {3}serve Gateway listeners\n/);
  const lines = out.split('\n');
  lines.forEach((line, index) => {
    if (/^(warn|fail) /.test(line)) assert.match(lines[index + 1]!, /^ {6}mend: \S/, line);
  });
});

test('json: the same for programs', async () => {
  const { code, out } = await check('-o', 'json');
  assert.equal(code, 0);
  const { checks, verdicts } = JSON.parse(out) as Report;
  for (const { name, status, mend, needs } of checks) {
    assert.equal(mend === undefined, status === 'ok', `${name} has a mend exactly when it is not ok`);
    assert.ok(status !== 'failed' || needs.length > 0, `${name} may only fail when something needs it`);
  }
  assert.deepEqual(verdicts, verdictsOf(checks));
  assert.deepEqual(
    verdicts.map(({ ability }) => ability),
    ['proxy', 'epoll', 'datapath'],
  );
});

test(
  'without capabilities the proxy works, the datapath does not, and it says which are missing',
  { skip: NOT_ROOT || skipNobody() },
  async () => {
    const { code, out } = await run('setpriv', [
      '--bounding-set=-all',
      '--inh-caps=-all',
      '--reuid=65534',
      '--clear-groups',
      '--',
      process.execPath,
      MAIN,
      'check',
      '-o',
      'json',
    ]);
    assert.equal(code, 0, 'the proxy alone serves');
    const { checks, verdicts } = JSON.parse(out) as Report;
    const status = (name: string): CheckResult | undefined => checks.find((result) => result.name === name);
    assert.match(status('capabilities for BPF')!.detail, /missing CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON/);
    assert.equal(status('socket programs')!.status, 'failed');
    const [proxy, epoll, datapath] = verdicts;
    assert.deepEqual([proxy!.works, epoll!.works, datapath!.works], [true, true, false]);
    assert.ok(datapath!.because.includes('capabilities for BPF'));
  },
);

test('where C cannot be called, the fallback engine is named and the exit code stays 0', async () => {
  const { code, out } = await run(process.execPath, ['--no-addons', MAIN, 'check', '-o', 'json']);
  assert.equal(code, 0);
  const [proxy, epoll, datapath] = (JSON.parse(out) as Report).verdicts;
  assert.deepEqual([proxy!.works, epoll!.works, datapath!.works], [true, false, false]);
  assert.ok(epoll!.because.includes('calls into the C library'));
});

test(
  'in a network namespace whose loopback is down nothing can be served: exit code 1',
  { skip: NOT_ROOT },
  async () => {
    const { code, out } = await run('unshare', ['--net', process.execPath, MAIN, 'check', '-o', 'json']);
    assert.equal(code, 1);
    const { checks, verdicts } = JSON.parse(out) as Report;
    const loopback = checks.find(({ name }) => name === 'IPv4 loopback')!;
    assert.equal(loopback.status, 'failed');
    assert.match(loopback.mend!, /ip link set lo up/);
    assert.deepEqual(verdicts[0], { ability: 'proxy', works: false, because: ['IPv4 loopback'] });
  },
);
