// What the machine does not give: rights, a kernel that takes programs, C calls, a cgroup, a free state directory. The proxy
// serves alone and says why, or the start fails with the mend.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SKIP_UNLESS_ROOT as skip } from '#datapath/fixture/sandbox-cgroup';
import { findFreePort } from './testbed/free-port.ts';
import { canaryYaml, routeYaml } from './testbed/manifests.ts';
import { TestBackend } from './testbed/test-backend.ts';
import { TestClient } from './testbed/test-client.ts';
import { TestDirectory } from './testbed/test-directory.ts';
import { TestNode } from './testbed/test-node.ts';
import { TestRun } from './testbed/test-run.ts';
import { NOBODY, skipNobody } from './testbed/nobody.ts';

const KOFFI = fileURLToPath(new URL('../../node_modules/koffi', import.meta.url));

/** Runs what follows where the mounts of `script` hold; they end with it. */
const withMounts = (script: string): readonly string[] => [
  'unshare',
  '--mount',
  'sh',
  '-c',
  `${script} && exec "$0" "$@"`,
];
const withoutFfi = withMounts(`mount -t tmpfs none '${KOFFI}'`);

/** Serves one backend through the gateway, and tells why the kernel does not steer. */
async function serveAlone(
  flags: readonly string[],
  wrapper: readonly string[] = [],
): Promise<{ reason: string; engine: string }> {
  await using v1 = await TestBackend.start('v1');
  await using client = await TestClient.start();
  // Not below TMPDIR, which may be for its owner only.
  using directory = new TestDirectory('/tmp');
  const port = await findFreePort();
  directory.write('base.yaml', canaryYaml(port, '10.97.0.1', { v1: v1.port }));
  directory.write('route.yaml', routeYaml({ v1: 1 }));
  await using run = await TestRun.start([directory.path, ...flags], wrapper);
  const outcomes = await client.load(`http://127.0.0.1:${port}`, { requests: 50, perConnection: 10 });
  assert.deepEqual(outcomes, { '200 v1': 50 });
  assert.equal(await run.metric('sluice_datapath_active'), 0);
  const { datapath, engine } = run.ready;
  assert.ok(!datapath.active);
  assert.deepEqual(await run.end('SIGTERM'), { code: 0, error: '' });
  return { reason: datapath.reason, engine };
}

test('without root the proxy serves alone and says so', { skip: skipNobody() }, async () => {
  const { reason } = await serveAlone([], process.getuid?.() === 0 ? NOBODY : []);
  assert.match(reason, /\/run\/sluice.*(EACCES|EPERM).*Mend: run as root/);
});

test('a kernel that refuses BPF: the proxy serves alone and names the capabilities', { skip }, async () => {
  using mount = new TestDirectory();
  const withoutBpf = ['setpriv', '--bounding-set', '-bpf,-sys_admin', '--inh-caps', '-bpf,-sys_admin'];
  const wrapper = [...withMounts(`mount -t bpf none '${mount.path}'`), ...withoutBpf];
  const { reason } = await serveAlone(['--state', join(mount.path, 'state')], wrapper);
  assert.match(reason, /bpf\(BPF_\w+\).*EPERM\. Mend: run as root or with CAP_BPF/);
});

test('the net engine serves the same, alone', async () => {
  const { reason, engine } = await serveAlone(['--engine', 'net']);
  assert.equal(engine, 'net');
  assert.match(reason, /^the net engine takes no redirected connections\. Mend: use --engine epoll/);
});

test('where C cannot be called the net engine serves by itself', { skip }, async () => {
  const { reason, engine } = await serveAlone([], withoutFfi);
  assert.equal(engine, 'net');
  assert.match(reason, /^C cannot be called from here: .*koffi.*\. Mend: run sluice check/s);
});

test('what was asked for and cannot be is an error: exit code 1, with the mend', { skip }, async () => {
  await using node = new TestNode();
  using directory = new TestDirectory();
  directory.write('base.yaml', canaryYaml(await findFreePort(), '10.97.0.1', {}));
  const refuse = async (flags: readonly string[], wrapper?: readonly string[]): Promise<string> => {
    const { code, error } = await TestRun.refuse([directory.path, ...flags], wrapper);
    assert.equal(code, 1, error);
    assert.match(error, /^sluice run: [^\n]+\. Mend: [^\n]+\n$/);
    return error;
  };
  const state = ['--state', node.state];
  assert.match(
    await refuse([...state, '--cgroup', `${node.cgroup.path}/none`]),
    /\/none is not a cgroup v2 directory/,
  );
  assert.match(await refuse([...node.flags, '--engine', 'net']), /--cgroup .*: the net engine/);
  assert.match(await refuse(['--engine', 'epoll'], withoutFfi), /--engine epoll: C cannot be called/);
  assert.match(
    await refuse([...state, '--no-datapath', '--access-log', '/nowhere/log']),
    /access log \/nowhere\/log: .*ENOENT/,
  );
  node.assertClean();

  await using run = await TestRun.start([directory.path, ...node.flags]);
  const inUse = new RegExp(
    `state directory ${node.state} is in use by process ${run.pid}\\. Mend: stop that process`,
  );
  assert.match(await refuse(node.flags), inUse);
  // Also where nothing was asked for: the kernel would not do what the second one says.
  assert.match(await refuse(state), inUse);
});

test('wrong flags: exit code 2', async () => {
  for (const [words, told] of [
    [[], /DIR is missing/],
    [['.', '--cgrup', 'x'], /unknown flag --cgrup, did you mean --cgroup\?/],
    [['.', '--workers', '65'], /--workers must be at most 64/],
    [['.', '--bind', 'everywhere'], /--bind must be an IPv4 or IPv6 address/],
    [['.', '--engine', 'fast'], /--engine/],
  ] as const) {
    const { code, error } = await TestRun.refuse(words);
    assert.equal(code, 2, error);
    assert.match(error, told);
    assert.match(error, /Mend: sluice run --help\n$/);
  }
});
