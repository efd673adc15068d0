// Revisions: thousands of Services at once, all or nothing, and never a connection that sees half of two.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service } from '../desired.ts';
import { SKIP_UNLESS_ROOT as skip } from '../fixture/sandbox-cgroup.ts';
import { service, Sandbox } from '../fixture/sandbox.ts';

const ADDRESS = '127.96.0.1';
const FLIPS = 200;

test('10,000 Services are applied, and each is found', { skip }, async (context) => {
  const node = new Sandbox(context);
  const datapath = node.open();
  const [servers, client] = [await node.outsider(), await node.client()];
  const port = await servers.serve({ op: 'serve-tcp', host: '127.0.0.1', tag: 'backend' });
  const backends = Array.from({ length: 3 }, () => ({ address: '127.0.0.1', port }));
  const services = Array.from({ length: 10_000 }, (_, i): Service => {
    return service(`127.97.${i >> 8}.${i & 255}`, backends);
  });
  const started = performance.now();
  const result = datapath.apply({ revision: 1, services });
  context.diagnostic(
    `10,000 Services with 30,000 backends applied in ${Math.round(performance.now() - started)} ms`,
  );
  assert.ok(result.kind === 'applied' && result.services === 10_000);
  for (const i of [0, 1, 4095, 4096, 4097, 9999]) {
    const answer = await client.ask({ op: 'tcp', host: `127.97.${i >> 8}.${i & 255}`, port: 80 });
    assert.equal(answer.data, 'backend', `Service ${i}`);
  }
});

test('a refused state leaves the one before in place', { skip }, async (context) => {
  const node = new Sandbox(context);
  const datapath = node.open();
  const [servers, client] = [await node.outsider(), await node.client()];
  const port = await servers.serve({ op: 'serve-tcp', host: '127.0.0.1', tag: 'backend' });
  const good = service(ADDRESS, [{ address: '127.0.0.1', port }]);
  assert.equal(datapath.apply({ revision: 1, services: [good] }).kind, 'applied');
  const refused = datapath.apply({
    revision: 2,
    services: [service('127.96.0.2', []), { ...good, port: 70_000 }],
  });
  assert.ok(refused.kind === 'refused');
  assert.deepEqual(
    refused.errors.map(({ service, field }) => [service, field]),
    [[`test/${ADDRESS}`, 'port']],
  );
  assert.equal((await client.ask({ op: 'tcp', host: ADDRESS, port: 80 })).data, 'backend');
});

test(
  `connects under ${FLIPS} flips meet no error and no mixture, and the newest revision counts at once`,
  { skip },
  async (context) => {
    const node = new Sandbox(context);
    const datapath = node.open();
    const servers = await node.outsider();
    const [asker, ...loopers] = [await node.client(), await node.client(), await node.client()];
    const backend = async (tag: string) => ({
      address: '127.0.0.1',
      port: await servers.serve({ op: 'serve-tcp', host: '127.0.0.1', tag }),
    });
    // Of different length: a head of one revision with slots of the other would miss a slot, and be refused.
    const even = [service(ADDRESS, [await backend('even')])];
    const odd = [service(ADDRESS, await Promise.all(Array.from({ length: 8 }, () => backend('odd'))))];
    datapath.apply({ revision: 0, services: even });
    for (const looper of loopers) await looper.ask({ op: 'loop', host: ADDRESS, port: 80 });
    for (let revision = 1; revision <= FLIPS; revision++) {
      datapath.apply({ revision, services: revision % 2 === 0 ? even : odd });
      const { data } = await asker.ask({ op: 'tcp', host: ADDRESS, port: 80 });
      assert.equal(data, revision % 2 === 0 ? 'even' : 'odd', `revision ${revision}`);
    }
    for (const looper of loopers) {
      const { counts = {} } = await looper.ask({ op: 'stop' });
      assert.deepEqual(Object.keys(counts).sort(), ['even', 'odd'], JSON.stringify(counts));
      context.diagnostic(`connects: ${JSON.stringify(counts)}`);
    }
    assert.equal(datapath.stats().refusedNoBackend, 0);
  },
);
