// Redirected Services: connections arrive at the proxy, which learns where they wanted to go; without a proxy they are refused.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import { errnoName } from '#native/errno';
import { getsockopt, lastErrno } from '#native/libc';
import { allocatePinned } from '#native/memory';
import type { Datapath } from './datapath.ts';
import type { Service } from './desired.ts';
import { SKIP_UNLESS_ROOT as skip } from './fixture/sandbox-cgroup.ts';
import { service, Sandbox } from './fixture/sandbox.ts';
import { parseAddress } from './plan/address.ts';
import type { ProxyListener } from './services/listener-map.ts';
import type { OriginalDestination } from './services/original-destination.ts';

const V4 = '127.96.0.3';
const MAPPED = `::ffff:${V4}`;
const V6 = 'fd00:96::3';
// linux/in.h, in6.h, asm-generic/socket.h, netfilter_ipv4.h
const SOL_IP = 0;
const SOL_SOCKET = 1;
const SOL_IPV6 = 41;
const SO_TYPE = 3;
const SO_ORIGINAL_DST = 80;
const SERVICES = [service(V4, [], { redirect: true }), service(V6, [], { redirect: true })];

test('the proxy finds the original destination, once', { skip }, async (context) => {
  const node = new Sandbox(context);
  const datapath = node.open();
  const proxy = await startProxy(context, datapath);
  datapath.apply({ revision: 1, services: SERVICES });
  datapath.setProxy(proxy.listeners);
  const client = await node.client();
  for (const host of [V4, MAPPED, V6]) {
    const answer = await client.ask({ op: 'tcp', host, port: 80 });
    const address = host === MAPPED ? V4 : host;
    assert.deepEqual([answer.data, answer.peer], [`${address} 80, then none`, `${host} 80`]);
  }
  const { redirected, originalPublished, originalLost } = datapath.stats();
  assert.deepEqual(
    { redirected, originalPublished, originalLost },
    { redirected: 3, originalPublished: 3, originalLost: 0 },
  );
  const direct = await client.ask({ op: 'tcp', host: '127.0.0.1', port: proxy.port });
  assert.equal(direct.data, 'none', 'a connection that nobody redirected has no original destination');
});

test(
  'SO_ORIGINAL_DST is answered in both families, other options are left alone',
  { skip },
  async (context) => {
    const node = new Sandbox(context);
    const datapath = node.open();
    datapath.apply({ revision: 1, services: SERVICES });
    let option = { level: 0, name: 0 };
    // What a proxy in another language would do: its listener was made in the cgroup, so its connections belong to it.
    const answer = (socket: net.Socket): string => readOption(socket, option.level, option.name);
    const proxy = await node.cgroup.within(() => serve(context, answer));
    datapath.setProxy(proxy.listeners);
    const client = await node.client();
    const v4 = Buffer.from(parseAddress(V4)?.bytes ?? []).toString('hex', 12);
    const v6 = Buffer.from(parseAddress(V6)?.bytes ?? []).toString('hex');
    const cases = [
      // sockaddr_in and sockaddr_in6
      { host: V4, level: SOL_IP, name: SO_ORIGINAL_DST, expected: `02000050${v4}${'00'.repeat(8)}` },
      { host: MAPPED, level: SOL_IP, name: SO_ORIGINAL_DST, expected: `02000050${v4}${'00'.repeat(8)}` },
      { host: V6, level: SOL_IPV6, name: SO_ORIGINAL_DST, expected: `0a00005000000000${v6}00000000` },
      // IPv4's option on an IPv6 connection and the other way round: the kernel's own refusal stands
      { host: V6, level: SOL_IP, name: SO_ORIGINAL_DST, expected: 'E' },
      { host: V4, level: SOL_IPV6, name: SO_ORIGINAL_DST, expected: 'E' },
      { host: V4, level: SOL_SOCKET, name: SO_TYPE, expected: '01000000' },
    ];
    for (const { host, level, name, expected } of cases) {
      option = { level, name };
      const { data = '' } = await client.ask({ op: 'tcp', host, port: 80 });
      assert.equal(expected === 'E' ? data.slice(0, 1) : data, expected, `${host} level ${level}: ${data}`);
    }
    assert.equal(datapath.stats().originalAnswered, 3);
  },
);

test(
  'without a live listener a redirected Service is refused, whoever has the port',
  { skip },
  async (context) => {
    const node = new Sandbox(context);
    const datapath = node.open();
    datapath.apply({ revision: 1, services: SERVICES });
    const client = await node.client();
    assert.equal(
      (await client.ask({ op: 'tcp', host: V4, port: 80 })).error,
      'EPERM',
      'no proxy was ever named',
    );

    const proxy = await startProxy(context, datapath);
    datapath.setProxy(proxy.listeners);
    assert.equal((await client.ask({ op: 'tcp', host: V4, port: 80 })).error, undefined);
    await proxy.close();
    const stranger = net.createServer((socket) => socket.end('stranger'));
    context.after(() => stranger.close());
    stranger.listen(proxy.port, '127.0.0.1');
    await once(stranger, 'listening');
    for (const host of [V4, MAPPED, V6])
      assert.equal((await client.ask({ op: 'tcp', host, port: 80 })).error, 'EPERM', host);
    assert.equal((await client.ask({ op: 'tcp', host: '127.0.0.1', port: proxy.port })).data, 'stranger');

    const successor = await startProxy(context, datapath);
    datapath.setProxy(successor.listeners);
    assert.equal((await client.ask({ op: 'tcp', host: V4, port: 80 })).error, undefined);
    datapath.setProxy([]);
    assert.equal((await client.ask({ op: 'tcp', host: V4, port: 80 })).error, 'EPERM', 'draining');
    assert.equal(datapath.stats().refusedProxyGone, 5);
  },
);

test(
  'a client in another network namespace is refused: loopback is another place there',
  { skip },
  async (context) => {
    const node = new Sandbox(context);
    const datapath = node.open();
    const proxy = await startProxy(context, datapath);
    datapath.apply({ revision: 1, services: SERVICES });
    datapath.setProxy(proxy.listeners);
    const client = await node.client(['unshare', '--net']);
    assert.equal((await client.ask({ op: 'tcp', host: V4, port: 80 })).error, 'EPERM');
    assert.equal(datapath.stats().refusedProxyElsewhere, 1);
  },
);

test('the programs of redirection come with the first redirected Service, and stay', { skip }, (context) => {
  const node = new Sandbox(context);
  const datapath = node.open();
  const apply = (services: readonly Service[]): string[] => {
    const result = datapath.apply({ revision: 1, services });
    assert.ok(result.kind === 'applied');
    return Object.keys(result.links).map((hook) => hook.replace('sluice_', ''));
  };
  const balance = [
    'getpeername4',
    'getpeername6',
    'recvmsg4',
    'recvmsg6',
    'sendmsg4',
    'sendmsg6',
    'connect4',
    'connect6',
  ];
  assert.deepEqual(apply([service(V4, [])]), balance);
  assert.deepEqual(apply(SERVICES), ['getsockopt', 'sockops']);
  assert.deepEqual(apply([]), []);
  datapath.close({ keep: true });
  const result = node.open().apply({ revision: 2, services: [] });
  assert.ok(result.kind === 'applied');
  assert.equal(result.links.sluice_sockops, 'updated');
});

test('one live listener among dead ones is enough', { skip }, async (context) => {
  const node = new Sandbox(context);
  const datapath = node.open();
  const [first, second] = [await startProxy(context, datapath), await startProxy(context, datapath)];
  datapath.apply({ revision: 1, services: SERVICES });
  datapath.setProxy([...first.listeners, ...second.listeners]);
  await first.close();
  const client = await node.client();
  assert.equal((await client.ask({ op: 'tcp', host: V4, port: 80 })).data, `${V4} 80, then none`);
});

test(
  'what is no listener is refused with its name, and the proxy of before stays',
  { skip },
  async (context) => {
    const node = new Sandbox(context);
    const datapath = node.open();
    const proxy = await startProxy(context, datapath);
    datapath.apply({ revision: 1, services: SERVICES });
    datapath.setProxy(proxy.listeners);
    const [v4] = proxy.listeners;
    assert.ok(v4);
    const wrong: [ProxyListener, RegExp][] = [
      [
        { ...v4, fd: 0x7fff_ffff },
        /listener 127\.0\.0\.1 port \d+ \(fd 2147483647\) is not a usable socket.*Mend: /,
      ],
      [{ ...v4, family: 6 }, /is not an IPv6 socket.*Mend: /],
    ];
    for (const [listener, message] of wrong) assert.throws(() => datapath.setProxy([listener]), { message });
    assert.throws(
      () => datapath.setProxy(Array.from({ length: 65 }, () => v4)),
      /65 IPv4 listeners, at most 64/,
    );
    const client = await node.client();
    assert.equal((await client.ask({ op: 'tcp', host: V4, port: 80 })).error, undefined);
  },
);

interface TestProxy {
  readonly listeners: readonly ProxyListener[];
  readonly port: number;
  close(): Promise<void>;
}

/** Answers each connection with its original destination, asked for twice. */
async function startProxy(context: TestContext, datapath: Datapath): Promise<TestProxy> {
  const { module, data } = datapath.originalDestination();
  const { open } = (await import(module)) as { open: (data: unknown) => OriginalDestination };
  const original = open(data);
  context.after(() => original.close());
  return serve(context, (socket) => {
    const find = (): string => {
      const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = socket;
      const found = original.find(remoteAddress, remotePort, localAddress, localPort);
      return found === undefined ? 'none' : `${found.address} ${found.port}`;
    };
    const first = find();
    return first === 'none' ? first : `${first}, then ${find()}`;
  });
}

/** Listens on loopback in both families. */
async function serve(context: TestContext, answer: (socket: net.Socket) => string): Promise<TestProxy> {
  const servers: net.Server[] = [];
  const listeners: ProxyListener[] = [];
  for (const family of [4, 6] as const) {
    const server = net.createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end(answer(socket));
    });
    server.listen(0, family === 4 ? '127.0.0.1' : '::1');
    await once(server, 'listening');
    servers.push(server);
    const { address, port } = server.address() as net.AddressInfo;
    listeners.push({ family, address, port, fd: handleFd(server) });
  }
  const close = async (): Promise<void> => {
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  };
  context.after(close);
  return { listeners, port: listeners[0]?.port ?? 0, close };
}

/** The value of a socket option in hex, or the name of the errno. */
function readOption(socket: net.Socket, level: number, name: number): string {
  const value = allocatePinned(64);
  const length = allocatePinned(4);
  length.buffer.writeUInt32LE(64, 0);
  if (getsockopt(handleFd(socket), level, name, value.address, length.address) !== 0)
    return errnoName(lastErrno());
  return value.buffer.toString('hex', 0, length.buffer.readUInt32LE(0));
}

function handleFd(of: net.Socket | net.Server): number {
  return (of as unknown as { _handle: { fd: number } })._handle.fd;
}
