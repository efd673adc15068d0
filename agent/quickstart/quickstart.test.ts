// `npm start` as a process. It uses the fixed ports of examples/canary: one run at a time.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findCgroupMount } from '#agent/check/environment';
import { SKIP_UNLESS_ROOT as skip } from '#datapath/fixture/sandbox-cgroup';
import { NOBODY, skipNobody } from '../run/testbed/nobody.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const STATE = '/run/sluice-quickstart';
/** In the environment of a quick start and of all its children. */
const MARK = `QUICKSTART_TEST=${process.pid}`;

interface Summary {
  readonly requests: number;
  readonly failed: number;
  readonly shares: Readonly<Record<string, number>>;
  readonly connectionsRedirected: number;
  readonly p50us: number;
  readonly p99us: number;
}

class Quickstart {
  readonly process: ChildProcess;
  out = '';
  error = '';

  constructor(args: readonly string[], wrapper: readonly string[] = []) {
    const [command = '', ...words] = [...wrapper, process.execPath, MAIN, ...args];
    const [name = '', value] = MARK.split('=');
    this.process = spawn(command, words, { env: { ...process.env, [name]: value } });
    this.process.stdout!.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    this.process.stderr!.on('data', (chunk: Buffer) => (this.error += chunk.toString()));
  }

  /** Resolves once the client has had answers. */
  async untilItRuns(): Promise<void> {
    while (!/[1-9]\d* requests, 0 failed/.test(this.out)) {
      assert.equal(this.process.exitCode, null, this.error);
      await once(this.process.stdout!, 'data');
    }
  }

  async ended(): Promise<{ code: number | null; summary: Summary }> {
    const [code] = (await once(this.process, 'close')) as [number | null];
    const last = this.out.trimEnd().split('\n').at(-1) ?? '';
    return { code, summary: JSON.parse(last === '' ? '{}' : last) as Summary };
  }
}

test(
  '--requests N --json: N requests, none failed, split exactly, the last line is the result',
  { skip },
  async () => {
    const quickstart = new Quickstart(['--requests', '500', '--json']);
    const { code, summary } = await quickstart.ended();
    assert.equal(code, 0, quickstart.error);
    const { connectionsRedirected, p50us, p99us, ...rest } = summary;
    assert.deepEqual(rest, { requests: 500, failed: 0, shares: { v1: 0.9, v2: 0.1 } });
    assert.ok(connectionsRedirected > 0 && connectionsRedirected <= 250, String(connectionsRedirected));
    assert.ok(p50us > 0 && p50us <= p99us);
    assert.deepEqual(leftovers(), []);
  },
);

test('without root it drives the gateway alone', { skip: skipNobody() }, async () => {
  const quickstart = new Quickstart(['--requests', '200', '--json'], process.getuid?.() === 0 ? NOBODY : []);
  const { code, summary } = await quickstart.ended();
  assert.equal(code, 0, quickstart.error);
  assert.match(quickstart.error, /sluice runs the proxy alone: /);
  assert.deepEqual(
    [summary.requests, summary.failed, summary.shares, summary.connectionsRedirected],
    [200, 0, { v1: 0.9, v2: 0.1 }, 0],
  );
});

test('SIGINT ends an open-ended run: exit code 0, nothing stays', { skip }, async () => {
  const quickstart = new Quickstart([]);
  await quickstart.untilItRuns();
  assert.notDeepEqual(leftovers(), []);
  quickstart.process.kill('SIGINT');
  const [code] = (await once(quickstart.process, 'close')) as [number | null];
  assert.equal(code, 0, quickstart.error);
  assert.deepEqual(leftovers(), []);
});

test(
  'kill -9: its processes end by themselves, an empty cgroup stays, the next run removes it',
  { skip },
  async () => {
    const killed = new Quickstart([]);
    await killed.untilItRuns();
    killed.process.kill('SIGKILL');
    while (processes().length > 0) await sleep(50);
    assert.deepEqual(leftovers(), [`cgroup sluice-quickstart-${killed.process.pid}`]);
    assert.equal((await new Quickstart(['--requests', '10', '--json']).ended()).code, 0);
    assert.deepEqual(leftovers(), []);
  },
);

test('a port that is taken: the name of the part, and the mend', async () => {
  const holder = spawn(process.execPath, [
    '-e',
    "require('net').createServer().listen(18082, '127.0.0.1', () => console.log())",
  ]);
  await once(holder.stdout, 'data');
  const quickstart = new Quickstart(['--requests', '10', '--json']);
  const [code] = (await once(quickstart.process, 'close')) as [number | null];
  holder.kill();
  await once(holder, 'exit');
  assert.equal(code, 1);
  assert.match(quickstart.error, /npm start: backend v2: .*18082.*Mend: free port 18082/);
  assert.deepEqual(leftovers(), []);
});

test('wrong flags: exit code 2 and the help', async () => {
  const quickstart = new Quickstart(['--requests', 'many']);
  const [code] = (await once(quickstart.process, 'close')) as [number | null];
  assert.equal(code, 2);
  assert.match(quickstart.error, /^--requests takes a whole number .*, not 'many'\n\nnpm start -- /);
});

/** What a quick start has brought and not taken away. */
function leftovers(): string[] {
  const cgroups = readdirSync(findCgroupMount() ?? '/sys/fs/cgroup').filter((name) =>
    name.startsWith('sluice-quickstart-'),
  );
  const mounted = readFileSync('/proc/self/mountinfo', 'utf8').includes(STATE);
  return [
    ...processes().map((pid) => `process ${pid}`),
    ...cgroups.map((name) => `cgroup ${name}`),
    ...(existsSync(STATE) ? [`directory ${STATE}`] : []),
    ...(mounted ? [`mount ${STATE}`] : []),
  ];
}

function processes(): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false;
    try {
      return readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(MARK);
    } catch {
      return false;
    }
  });
}
