// Attachments to devices, sockets and a network namespace, each shown to run by the counter of its program.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { cannotLoad, fixtureSpec, u32 } from './fixture/fixture.ts';
import { attachSkLookup, attachSockMap, attachTcx, attachXdp } from './link.ts';
import { loadObject, type LoadedObject, type LoadOptions } from './object.ts';
import { LINK_TYPE } from './program-type.ts';

const skip = cannotLoad;
const ip = (...args: string[]): number => spawnSync('ip', args).status ?? 1;
const hasIp = ip('-V') === 0;
const skipDevices = skip === false && !hasIp ? 'iproute2 is not installed' : skip;

async function withNet(options: LoadOptions, use: (object: LoadedObject) => Promise<void>): Promise<void> {
  const object = loadObject(fixtureSpec('net'), options);
  try {
    await use(object);
  } finally {
    object.close();
  }
}

/** Node's descriptor of a socket or server, to put it into a sockmap. */
const fdOf = (socket: Socket | Server): number =>
  (socket as unknown as { _handle: { fd: number } })._handle.fd;

/** A pair of devices of the test's own, and a way to send a frame through it. */
async function withDevices(
  signal: AbortSignal,
  use: (near: number, far: number, send: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const id = process.pid % 100_000;
  const [near, far] = [`slu${id}a`, `slu${id}b`];
  assert.equal(ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far), 0);
  const socket = createSocket('udp4');
  try {
    ip('addr', 'add', '198.51.100.1/24', 'dev', near);
    ip('link', 'set', near, 'up');
    ip('link', 'set', far, 'up');
    const index = (name: string): number => Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'utf8'));
    socket.bind(0, '198.51.100.1');
    await once(socket, 'listening', { signal });
    socket.setBroadcast(true);
    // Broadcast: a frame leaves at once, without address resolution.
    await use(index(near), index(far), async () => {
      await new Promise((resolve, reject) => {
        socket.send('x', 9, '198.51.100.255', (error, bytes) =>
          error === null ? resolve(bytes) : reject(error),
        );
      });
    });
  } finally {
    socket.close();
    ip('link', 'del', near);
  }
}

/** Softirq work may be finished a moment after the sender returns; the test's time limit bounds the wait. */
async function until(signal: AbortSignal, condition: () => boolean): Promise<void> {
  while (!condition()) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test(
  'tcx and xdp: frames run the programs, an update drops them, detaching ends it',
  { skip: skipDevices, timeout: 20_000 },
  async ({ signal }) => {
    await withNet({ programs: ['tcx_in', 'tcx_out', 'tcx_drop', 'xdp_pass'] }, async (object) => {
      await withDevices(signal, async (near, far, send) => {
        const egress = attachTcx(object.program('tcx_out'), near);
        const ingress = attachTcx(object.program('tcx_in'), far, { order: 'first' });
        const xdp = attachXdp(object.program('xdp_pass'), far, 'generic');
        assert.deepEqual([egress.info().type, egress.info().interfaceIndex], [LINK_TYPE.TCX, near]);
        assert.deepEqual([xdp.info().type, xdp.info().interfaceIndex], [LINK_TYPE.XDP, far]);
        const runs = (name: string): bigint => object.variable(`${name}_runs`).get();
        await send();
        await until(signal, () => runs('tcx_out') > 0n && runs('tcx_in') > 0n && runs('xdp_pass') > 0n);

        egress.update(object.program('tcx_drop'));
        const [before, dropped] = [runs('tcx_out'), runs('tcx_drop')];
        await send();
        await until(signal, () => runs('tcx_drop') > dropped);
        assert.equal(runs('tcx_out'), before);

        xdp.update(object.program('xdp_pass'));
        for (const link of [egress, ingress, xdp]) {
          link.detach();
          link.close();
        }
        const after = runs('tcx_drop');
        await send();
        assert.equal(runs('tcx_drop'), after);
      });
    });
  },
);

test(
  'sk_lookup: a port on which nobody listens reaches the listener in the map',
  { skip, timeout: 20_000 },
  async ({ signal }) => {
    const server = createServer((socket) => socket.end(`port ${socket.localPort}`));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening', { signal });
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening', { signal });
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, 'close', { signal });
    await withNet({ programs: ['steer'], config: { steered_port: port } }, async (object) => {
      object.map('listeners').update(u32(0), sockFd(server));
      const netns = openSync('/proc/self/ns/net', 'r');
      const link = attachSkLookup(object.program('steer'), netns);
      assert.equal(link.info().type, LINK_TYPE.NETNS);
      const client = connect(port, '127.0.0.1');
      const [answer] = (await once(client, 'data', { signal })) as [Buffer];
      assert.equal(answer.toString(), `port ${port}`, 'the server sees the port that was asked for');
      assert.ok(object.variable('sk_lookup_runs').get() > 0n);
      client.destroy();
      link.close();
      closeSync(netns);
      const refused = connect(port, '127.0.0.1');
      await assert.rejects(once(refused, 'connect', { signal }), { code: 'ECONNREFUSED' });
    });
    server.close();
  },
);

test(
  'sk_msg on a sockhash: the verdict decides each send, an update counts for sockets added later',
  { skip, timeout: 20_000 },
  async ({ signal }) => {
    await withConnection(signal, async (client, peer) => {
      await withNet({ programs: ['msg_verdict', 'msg_drop'] }, async (object) => {
        const sockets = object.map('sockets');
        const link = attachSockMap(object.program('msg_verdict'), sockets);
        assert.deepEqual([link.info().type, link.info().mapId], [LINK_TYPE.SOCKMAP, sockets.id]);
        sockets.update(Buffer.alloc(8), sockFd(client));
        client.write('through');
        assert.equal(String((await once(peer, 'data', { signal }))[0]), 'through');
        assert.ok(object.variable('msg_verdict_runs').get() > 0n);
        link.update(object.program('msg_drop'));
        client.write('still');
        assert.equal(
          String((await once(peer, 'data', { signal }))[0]),
          'still',
          'a socket keeps the program it was added under',
        );
        assert.equal(sockets.delete(Buffer.alloc(8)), true);
        sockets.update(Buffer.alloc(8), sockFd(client));
        const failed = once(client, 'error', { signal });
        client.write('dropped');
        assert.equal(((await failed) as [NodeJS.ErrnoException])[0].code, 'EACCES');
        assert.ok(object.variable('msg_drop_runs').get() > 0n);
        link.close();
      });
    });
  },
);

test(
  'sk_skb on a sockhash: verdict alone, and parser with stream verdict',
  { skip, timeout: 20_000 },
  async ({ signal }) => {
    for (const names of [['skb_verdict'], ['skb_parser', 'skb_stream_verdict']]) {
      await withConnection(signal, async (client, peer) => {
        await withNet({ programs: names }, async (object) => {
          const links = names.map((name) => attachSockMap(object.program(name), object.map('sockets')));
          object.map('sockets').update(Buffer.alloc(8), sockFd(peer));
          client.write('seen');
          assert.equal(String((await once(peer, 'data', { signal }))[0]), 'seen');
          for (const name of names) assert.ok(object.variable(`${name}_runs`).get() > 0n, name);
          for (const link of links) link.close();
        });
      });
    }
  },
);

function sockFd(socket: Socket | Server): Buffer {
  const value = Buffer.alloc(8);
  value.writeUInt32LE(fdOf(socket));
  return value;
}

/** A connection over loopback, both ends in this process. */
async function withConnection(
  signal: AbortSignal,
  use: (client: Socket, peer: Socket) => Promise<void>,
): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening', { signal });
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[peer]] = await Promise.all([
    once(server, 'connection', { signal }) as Promise<[Socket]>,
    once(client, 'connect', { signal }),
  ]);
  try {
    await use(client, peer);
  } finally {
    client.destroy();
    peer.destroy();
    server.close();
  }
}
