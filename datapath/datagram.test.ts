// What becomes of a UDP socket's later datagrams: one backend for all of them, and no answer under a name that the socket left.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { UdpStep } from './fixture/peer.ts';
import { SKIP_UNLESS_ROOT as skip } from './fixture/sandbox-cgroup.ts';
import { service, Sandbox } from './fixture/sandbox.ts';

const SERVICE = { host: '127.96.0.1', port: 53 } as const;
const LOOPBACK = '127.0.0.1';

test('datagrams of one socket go to one backend, those of many to all', { skip }, async (context) => {
  const { serve, hear } = await start(context);
  await serve(4);
  const send: UdpStep = { do: 'send', ...SERVICE };
  const seen = new Set<string>();
  // 64 sockets miss one of four backends once in 25 million runs.
  for (let i = 0; i < 64; i++) {
    const heard = new Set(await hear([send, send, send, send]));
    assert.equal(heard.size, 1, [...heard].join(', '));
    seen.add([...heard][0] ?? '');
  }
  assert.equal(seen.size, 4, [...seen].join(', '));
});

test('a socket that disconnects hears from the backend under its own name', { skip }, async (context) => {
  const { serve, hear } = await start(context);
  const [port = 0] = await serve(1);
  const heard = await hear([
    { do: 'connect', ...SERVICE },
    { do: 'send' },
    { do: 'disconnect' },
    { do: 'send', host: LOOPBACK, port },
  ]);
  assert.deepEqual(heard, [
    `0:hello from ${SERVICE.host} ${SERVICE.port}`,
    `0:hello from ${LOOPBACK} ${port}`,
  ]);
});

test('whoever is spoken to last is heard: the Service or the backend itself', { skip }, async (context) => {
  const { serve, hear } = await start(context);
  const [port = 0] = await serve(1);
  const direct: UdpStep = { do: 'send', host: LOOPBACK, port };
  const heard = await hear([
    { do: 'send', ...SERVICE },
    direct,
    { do: 'send', ...SERVICE },
    { do: 'connect', host: LOOPBACK, port },
    { do: 'send' },
  ]);
  assert.deepEqual(
    heard.map((one) => one.replace('0:hello from ', '')),
    [
      `${SERVICE.host} ${SERVICE.port}`,
      `${LOOPBACK} ${port}`,
      `${SERVICE.host} ${SERVICE.port}`,
      `${LOOPBACK} ${port}`,
    ],
  );
});

interface Node {
  /** Starts backends that answer with their number, and gives the Service to them. Their ports. */
  readonly serve: (backends: number) => Promise<number[]>;
  /** What one socket of the cgroup hears. */
  readonly hear: (steps: readonly UdpStep[]) => Promise<readonly string[]>;
}

async function start(context: TestContext): Promise<Node> {
  const node = new Sandbox(context);
  const datapath = node.open();
  const [servers, client] = [await node.outsider(), await node.client()];
  return {
    serve: async (backends) => {
      const ports: number[] = [];
      for (let tag = 0; tag < backends; tag++)
        ports.push(await servers.serve({ op: 'serve-udp', host: LOOPBACK, tag: String(tag) }));
      const places = ports.map((port) => ({ address: LOOPBACK, port }));
      datapath.apply({
        revision: 1,
        services: [service(SERVICE.host, places, { transport: 'udp', port: SERVICE.port })],
      });
      return ports;
    },
    hear: async (steps) => {
      const { heard, error } = await client.ask({ op: 'udp-steps', steps });
      if (heard === undefined) throw new Error(`the client failed: ${error}`);
      return heard;
    },
  };
}
