// Through a Service's cluster address, with and without an HTTPRoute, on the real kernel and under load.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SKIP_UNLESS_ROOT as skip } from '#datapath/fixture/sandbox-cgroup';
import { findFreePort } from './testbed/free-port.ts';
import { canaryYaml, gatewayYaml, routeYaml, serviceYaml } from './testbed/manifests.ts';
import { TestBackend } from './testbed/test-backend.ts';
import type { Outcomes } from './testbed/test-client.ts';
import { TestDirectory } from './testbed/test-directory.ts';
import { TestNode } from './testbed/test-node.ts';
import { TestRun } from './testbed/test-run.ts';

// Local, as in kill.test.ts.
const CLUSTER_IP = '127.97.2.1';
const URL = `http://${CLUSTER_IP}`;
const NOT_STEERED = 'ECONNREFUSED';
const EDITS = 20;
const FLIPS = 50;

/** A connection for each request, and connections that are used again. */
const LOADS = [
  { perConnection: 1, connections: 4 },
  { perConnection: 50, connections: 4 },
];

test(
  'a route splits a Service exactly, also for dual-stack clients, and edits under load lose nothing',
  { skip },
  async () => {
    await using node = new TestNode();
    await using v1 = await TestBackend.start('v1');
    await using v2 = await TestBackend.start('v2');
    using directory = new TestDirectory();
    directory.write('base.yaml', canaryYaml(await findFreePort(), CLUSTER_IP, { v1: v1.port, v2: v2.port }));
    directory.write('route.yaml', routeYaml({ v1: 90, v2: 10 }));
    await using run = await TestRun.start([directory.path, ...node.flags, '--workers', '2']);
    const client = await node.client();

    for (const url of [URL, `http://[::ffff:${CLUSTER_IP}]`])
      assert.deepEqual(
        await client.load(url, { requests: 1000, perConnection: 3 }),
        { '200 v1': 900, '200 v2': 100 },
        url,
      );

    const loads = LOADS.map((load) => client.load(URL, load));
    for (let edit = 1; edit <= EDITS; edit += 1)
      await run.afterEdit(() => directory.write('route.yaml', routeYaml({ v1: 100 - edit, v2: edit })));
    await client.stopLoads();
    assertOnly(await Promise.all(loads), ['200 v1', '200 v2']);
    assert.deepEqual(await client.load(URL, { requests: 100, perConnection: 1 }), {
      '200 v1': 100 - EDITS,
      '200 v2': EDITS,
    });
  },
);

test(
  'a route comes and goes 50 times under load: each request is answered, by the proxy or by the backend',
  { skip },
  async () => {
    await using node = new TestNode();
    await using plain = await TestBackend.start('plain');
    await using routed = await TestBackend.start('routed');
    using directory = new TestDirectory();
    directory.write('gateway.yaml', gatewayYaml(await findFreePort()));
    directory.write('web.yaml', serviceYaml('web', { clusterIp: CLUSTER_IP, backend: plain.port }));
    directory.write('routed.yaml', serviceYaml('routed', { clusterIp: 'None', backend: routed.port }));
    await using run = await TestRun.start([directory.path, ...node.flags, '--workers', '2']);
    const client = await node.client();
    const loads = LOADS.map((load) => client.load(URL, load));
    for (let flip = 1; flip <= FLIPS; flip += 1) {
      await run.afterEdit(() => directory.write('route.yaml', routeYaml({ routed: 1 })));
      assert.equal(await client.get(URL), '200 routed');
      await run.afterEdit(() => directory.remove('route.yaml'));
      assert.equal(await client.get(URL), '200 plain');
    }
    await client.stopLoads();
    assertOnly(await Promise.all(loads), ['200 plain', '200 routed']);
  },
);

test('a port of a Service comes and goes while another serves', { skip }, async () => {
  await using node = new TestNode();
  await using v1 = await TestBackend.start('v1');
  using directory = new TestDirectory();
  const write = (...ports: readonly number[]): void =>
    directory.write('web.yaml', serviceYaml('web', { clusterIp: CLUSTER_IP, ports, backend: v1.port }));
  directory.write('gateway.yaml', gatewayYaml(await findFreePort()));
  directory.write('route.yaml', routeYaml({ web: 1 }));
  write(80);
  await using run = await TestRun.start([directory.path, ...node.flags]);
  const client = await node.client();
  const loads = LOADS.map((load) => client.load(URL, load));
  for (let turn = 0; turn < 5; turn += 1) {
    assert.equal(await client.get(`${URL}:8080`), NOT_STEERED);
    await run.afterEdit(() => write(80, 8080));
    assert.equal(await client.get(`${URL}:8080`), '200 v1');
    await run.afterEdit(() => write(80));
  }
  await client.stopLoads();
  assertOnly(await Promise.all(loads), ['200 v1']);
});

/** All these outcomes came, and no others. */
function assertOnly(loads: readonly Outcomes[], expected: readonly string[]): void {
  for (const outcomes of loads)
    assert.deepEqual(Object.keys(outcomes).sort(), expected, JSON.stringify(outcomes));
}
