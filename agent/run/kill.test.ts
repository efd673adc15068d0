// What stays when `sluice run` is killed, and what does not when it is stopped.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SKIP_UNLESS_ROOT as skip } from '#datapath/fixture/sandbox-cgroup';
import { attachedPrograms } from './testbed/attached-programs.ts';
import { findFreePort } from './testbed/free-port.ts';
import { listeningPorts } from './testbed/listening-ports.ts';
import { canaryYaml, routeYaml, serviceYaml } from './testbed/manifests.ts';
import { Stranger } from './testbed/stranger.ts';
import { TestBackend } from './testbed/test-backend.ts';
import { TestDirectory } from './testbed/test-directory.ts';
import { TestNode } from './testbed/test-node.ts';
import { TestRun } from './testbed/test-run.ts';

// Local addresses: where the kernel does not steer, connecting fails at once with ECONNREFUSED.
const L7 = '127.97.1.1';
const L4 = '127.97.1.2';
const NOT_STEERED = 'ECONNREFUSED';
const REFUSED = 'EPERM';

test(
  'kill -9: Services with routes are refused at once, others work on, the next start adopts, SIGTERM leaves nothing',
  { skip },
  async (context) => {
    await using node = new TestNode();
    await using v1 = await TestBackend.start('v1');
    using directory = new TestDirectory();
    const port = await findFreePort();
    directory.write('base.yaml', canaryYaml(port, L7, { v1: v1.port }));
    directory.write('plain.yaml', serviceYaml('plain', { clusterIp: L4, backend: v1.port }));
    directory.write('route.yaml', routeYaml({ v1: 1 }));
    const client = await node.client();
    const ask = async (): Promise<readonly string[]> => [
      await client.get(`http://${L7}`),
      await client.get(`http://${L4}`),
    ];
    assert.deepEqual(await ask(), [NOT_STEERED, NOT_STEERED]);

    const first = await TestRun.start([directory.path, ...node.flags]);
    assert.deepEqual(first.ready.datapath, {
      active: true,
      cgroup: node.cgroup.path,
      inheritance: 'fresh',
    });
    assert.deepEqual(await ask(), ['200 v1', '200 v1']);
    const ports = listeningPorts(first.pid);
    await first.end('SIGKILL');

    assert.deepEqual(await ask(), [REFUSED, '200 v1']);
    {
      await using stranger = await Stranger.listen(ports);
      assert.deepEqual(await ask(), [REFUSED, '200 v1']);
      assert.equal(stranger.connections, 0);
    }

    // A start that fails takes nothing down.
    const taken = await TestRun.refuse([directory.path, ...node.flags, '--admin-port', String(v1.port)]);
    assert.equal(taken.code, 1);
    assert.match(taken.error, new RegExp(`^sluice run: .*${v1.port}.*Mend: `));
    const nowhere = await TestRun.refuse([`${directory.path}/nowhere`, ...node.flags]);
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.error, /^sluice run: .*nowhere: .*ENOENT.* Mend: /);
    assert.deepEqual(await ask(), [REFUSED, '200 v1']);

    const second = await TestRun.start([directory.path, ...node.flags]);
    assert.deepEqual(second.ready.datapath, {
      active: true,
      cgroup: node.cgroup.path,
      inheritance: 'adopted',
    });
    assert.deepEqual(await ask(), ['200 v1', '200 v1']);
    assert.notDeepEqual(attachedPrograms(node.cgroup.path, context), []);
    assert.deepEqual(await second.end('SIGTERM'), { code: 0, error: '' });
    node.assertClean();
    assert.deepEqual(attachedPrograms(node.cgroup.path, context) ?? [], []);
    assert.deepEqual(await ask(), [NOT_STEERED, NOT_STEERED]);
  },
);

test(
  'kill -9 and start again under load: each request is answered or refused, none is cut',
  { skip },
  async () => {
    await using node = new TestNode();
    await using v1 = await TestBackend.start('v1');
    using directory = new TestDirectory();
    directory.write('base.yaml', canaryYaml(await findFreePort(), L7, { v1: v1.port }));
    directory.write('plain.yaml', serviceYaml('plain', { clusterIp: L4, backend: v1.port }));
    directory.write('route.yaml', routeYaml({ v1: 1 }));
    const client = await node.client();
    const first = await TestRun.start([directory.path, ...node.flags]);
    await first.end('SIGKILL');
    const routed = client.load(`http://${L7}`, { perConnection: 1, connections: 2 });
    const plain = client.load(`http://${L4}`, { perConnection: 1, connections: 2 });
    await using second = await TestRun.start([directory.path, ...node.flags]);
    assert.equal(second.ready.datapath.active, true);
    assert.equal(await client.get(`http://${L7}`), '200 v1');
    await client.stopLoads();
    assert.deepEqual(Object.keys(await routed).sort(), ['200 v1', REFUSED]);
    assert.deepEqual(Object.keys(await plain), ['200 v1']);
  },
);
