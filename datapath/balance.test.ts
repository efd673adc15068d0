// Real sockets through Services: TCP and UDP, both families, and IPv4 from dual-stack sockets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SKIP_UNLESS_ROOT as skip } from './fixture/sandbox-cgroup.ts';
import { service, Sandbox } from './fixture/sandbox.ts';

const V4 = '127.96.0.1';
const MAPPED = `::ffff:${V4}`;
const V6 = 'fd00:96::1';

test('TCP reaches every backend, and getpeername shows the Service', { skip }, async (context) => {
  const node = new Sandbox(context);
  const datapath = node.open();
  const [servers, client] = [await node.outsider(), await node.client()];
  const backend = async (address: string, tag: string) => ({
    address,
    port: await servers.serve({ op: 'serve-tcp', host: address, tag }),
  });
  datapath.apply({
    revision: 1,
    services: [
      service(V4, [await backend('127.0.0.1', 'a'), await backend('127.0.0.1', 'b')]),
      service(V6, [await backend('::1', 'c')]),
    ],
  });
  const seen = new Set<string>();
  // 64 tries miss one of two backends once in 2^63 runs.
  for (let i = 0; i < 64; i++) {
    const { data = '', peer } = await client.ask({ op: 'tcp', host: V4, port: 80 });
    assert.equal(peer, `${V4} 80`);
    seen.add(data);
  }
  assert.deepEqual([...seen].sort(), ['a', 'b']);
  const mapped = await client.ask({ op: 'tcp', host: MAPPED, port: 80 });
  assert.equal(mapped.peer, `${MAPPED} 80`);
  assert.match(mapped.data ?? '', /^[ab]$/);
  const v6 = await client.ask({ op: 'tcp', host: V6, port: 80 });
  assert.deepEqual([v6.peer, v6.data], [`${V6} 80`, 'c']);
  assert.equal(datapath.stats().balanced, 66);
});

test('UDP answers come from the Service, connected or not', { skip }, async (context) => {
  const node = new Sandbox(context);
  const datapath = node.open();
  const [servers, client] = [await node.outsider(), await node.client()];
  const backend = async (address: string) => ({
    address,
    port: await servers.serve({ op: 'serve-udp', host: address, tag: address }),
  });
  datapath.apply({
    revision: 1,
    services: [
      service(V4, [await backend('127.0.0.1')], { transport: 'udp', port: 53 }),
      service(V6, [await backend('::1')], { transport: 'udp', port: 53 }),
    ],
  });
  for (const connected of [false, true])
    for (const host of [V4, MAPPED, V6]) {
      const answer = await client.ask({ op: 'udp', host, port: 53, connected });
      assert.deepEqual(
        [answer.from, answer.data, answer.peer],
        [`${host} 53`, host === V6 ? '::1:hello' : '127.0.0.1:hello', connected ? `${host} 53` : undefined],
        `${host} ${connected ? 'connected' : 'unconnected'}`,
      );
    }
  const { udpSent, udpReceived, balanced } = datapath.stats();
  assert.deepEqual({ udpSent, udpReceived, balanced }, { udpSent: 3, udpReceived: 6, balanced: 3 });
});

test('a Service without backends refuses at once', { skip }, async (context) => {
  const node = new Sandbox(context);
  const datapath = node.open();
  const client = await node.client();
  datapath.apply({
    revision: 1,
    services: [
      service(V4, []),
      service(V6, []),
      service(V4, [], { name: 'dns', transport: 'udp', port: 53 }),
    ],
  });
  for (const host of [V4, MAPPED, V6])
    assert.equal((await client.ask({ op: 'tcp', host, port: 80 })).error, 'EPERM', host);
  for (const connected of [false, true])
    assert.equal((await client.ask({ op: 'udp', host: V4, port: 53, connected })).error, 'EPERM');
  assert.equal(datapath.stats().refusedNoBackend, 5);
});

test(
  'what is no Service is left alone, and so are processes outside the cgroup',
  { skip },
  async (context) => {
    const node = new Sandbox(context);
    const datapath = node.open();
    const [servers, client] = [await node.outsider(), await node.client()];
    const port = await servers.serve({ op: 'serve-tcp', host: '127.0.0.1', tag: 'direct' });
    // The Service's address is one that everybody can reach, so that "not steered" is a success to see.
    datapath.apply({ revision: 1, services: [service('127.0.0.1', [], { port })] });
    assert.equal((await client.ask({ op: 'tcp', host: '127.0.0.1', port })).error, 'EPERM');
    assert.equal((await servers.ask({ op: 'tcp', host: '127.0.0.1', port })).data, 'direct');
    datapath.apply({ revision: 2, services: [service('127.0.0.1', [], { port, transport: 'udp' })] });
    assert.equal((await client.ask({ op: 'tcp', host: '127.0.0.1', port })).data, 'direct');
  },
);
