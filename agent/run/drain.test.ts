// Stopping: what is in flight is finished, nothing new is let in, every request is in the log, nothing stays behind.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SKIP_UNLESS_ROOT as skip } from '#datapath/fixture/sandbox-cgroup';
import { attachedPrograms } from './testbed/attached-programs.ts';
import { findFreePort } from './testbed/free-port.ts';
import { canaryYaml, routeYaml } from './testbed/manifests.ts';
import { TestBackend } from './testbed/test-backend.ts';
import { TestClient, type Outcomes } from './testbed/test-client.ts';
import { TestDirectory } from './testbed/test-directory.ts';
import { TestNode } from './testbed/test-node.ts';
import { TestRun } from './testbed/test-run.ts';

// Local, as in kill.test.ts.
const CLUSTER_IP = '127.97.3.1';
/** Longer than a signal is taken for the echo of the one before. */
const NOT_AN_ECHO_MS = 700;

const STOPPED =
  '503 the proxy was stopped before the answer came\nsend the request again; give the stop more time with --drain-timeout\n';

interface InFlight {
  readonly run: TestRun;
  readonly backend: TestBackend;
  readonly log: string;
  /** The gateway's. */
  readonly url: string;
  /** How the requests ended, at the gateway and at the Service. */
  readonly outcomes: Promise<readonly Outcomes[]>;
}

/** Calls `check` with `count` requests that wait at the backend, half of them through the Service when there is a node. */
async function withInFlight(
  count: number,
  { node, flags = [] }: { readonly node?: TestNode; readonly flags?: readonly string[] },
  check: (flight: InFlight) => Promise<void>,
): Promise<void> {
  await using backend = await TestBackend.start('slow');
  await using outside = await TestClient.start();
  const inside = await node?.client();
  using directory = new TestDirectory();
  using logs = new TestDirectory();
  const log = join(logs.path, 'access.log');
  const port = await findFreePort();
  directory.write('base.yaml', canaryYaml(port, CLUSTER_IP, { slow: backend.port }));
  directory.write('route.yaml', routeYaml({ slow: 1 }));
  const own = [...(node?.flags ?? ['--no-datapath']), '--workers', '2', '--access-log', log];
  await using run = await TestRun.start([directory.path, ...own, ...flags]);
  const held = backend.hold(count);
  const url = `http://127.0.0.1:${port}`;
  const each = inside === undefined ? count : count / 2;
  const load = { requests: each, connections: each, perConnection: 1 };
  const loads = [outside.load(url, load)];
  if (inside !== undefined) loads.push(inside.load(`http://${CLUSTER_IP}`, load));
  await held;
  await check({ run, backend, log, url, outcomes: Promise.all(loads) });
}

test(
  'SIGTERM with 200 requests in flight: no new ones are let in, all are answered and logged, exit code 0',
  { skip },
  async (context) => {
    await using node = new TestNode();
    const late = await node.client();
    await withInFlight(200, { node }, async ({ run, backend, log, url, outcomes }) => {
      const ended = run.end('SIGTERM');
      const answered =
        (await callUntil(late, `http://${CLUSTER_IP}`, 'EPERM')) +
        (await callUntil(late, url, 'ECONNREFUSED'));
      backend.release();
      assert.deepEqual(await outcomes, [{ '200 slow': 100 }, { '200 slow': 100 }]);
      assert.deepEqual(await ended, { code: 0, error: '' });
      assert.equal(failuresOf(log).length, 200 + answered);
      node.assertClean();
      assert.deepEqual(attachedPrograms(node.cgroup.path, context) ?? [], []);
    });
  },
);

test(
  'a second signal cuts off what is in flight and still leaves nothing behind, exit code 1',
  { skip },
  async () => {
    await using node = new TestNode();
    await withInFlight(20, { node }, async ({ run, log, outcomes }) => {
      run.process.kill('SIGTERM');
      await sleep(NOT_AN_ECHO_MS);
      assert.deepEqual(await run.end('SIGINT'), { code: 1, error: '' });
      assert.deepEqual(await outcomes, [{ [STOPPED]: 10 }, { [STOPPED]: 10 }]);
      assert.deepEqual(
        failuresOf(log),
        Array.from({ length: 20 }, () => 'STOPPED'),
      );
      node.assertClean();
    });
  },
);

for (const engine of ['epoll', 'net'])
  test(`${engine}: what is in flight after --drain-timeout is answered 503 and logged as stopped`, async () => {
    const flags = ['--engine', engine, '--drain-timeout', '300ms'];
    await withInFlight(20, { flags }, async ({ run, log, outcomes }) => {
      assert.deepEqual(await run.end('SIGTERM'), { code: 0, error: '' });
      assert.deepEqual(await outcomes, [{ [STOPPED]: 20 }]);
      assert.deepEqual(
        failuresOf(log),
        Array.from({ length: 20 }, () => 'STOPPED'),
      );
    });
  });

test('Ctrl-C below npm comes twice at once, and is one request to stop', async () => {
  await withInFlight(20, {}, async ({ run, backend, log, outcomes }) => {
    // Two that the kernel does not merge into one.
    run.process.kill('SIGINT');
    run.process.kill('SIGTERM');
    await run.until('stopping');
    backend.release();
    assert.deepEqual(await outcomes, [{ '200 slow': 20 }]);
    assert.deepEqual(await run.ended, { code: 0, error: '' });
    assert.deepEqual(
      failuresOf(log),
      Array.from({ length: 20 }, () => ''),
    );
  });
});

/** Calls until that is refused as it should be; whoever was let in before is answered. Tells how many were. */
async function callUntil(client: TestClient, url: string, refusal: string): Promise<number> {
  for (let answered = 0; ; answered += 1) {
    const outcome = await client.get(url);
    if (outcome === refusal) return answered;
    assert.equal(outcome, '200 slow');
  }
}

/** Failure codes of all lines, '' where there was none. */
function failuresOf(log: string): readonly string[] {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  return lines.map((line) => (JSON.parse(line) as { failure: string }).failure);
}
