// A newer process takes over: under load, through the kernel, with WebSockets open; and an attempt that fails changes nothing.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { DescriptorSocket } from '#native/descriptor-socket';
import { SKIP_UNLESS_ROOT as skip } from '#datapath/fixture/sandbox-cgroup';
import { findFreePort } from './testbed/free-port.ts';
import { canaryYaml, routeYaml } from './testbed/manifests.ts';
import { TestBackend } from './testbed/test-backend.ts';
import { TestClient } from './testbed/test-client.ts';
import { TestDirectory } from './testbed/test-directory.ts';
import { TestNode } from './testbed/test-node.ts';
import { TestRun } from './testbed/test-run.ts';

// Local, as in kill.test.ts.
const CLUSTER_IP = '127.97.6.1';
const LOADS = [
  { perConnection: 1, connections: 4 },
  { perConnection: 20, connections: 4 },
  // Stays on its connections for good.
  { perConnection: 1_000_000, connections: 4 },
];
const ASK = 'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

test('three upgrades under load lose no request, and open WebSockets outlive them', async () => {
  await using backend = await TestBackend.start('ok');
  await using sockets = await EchoBackend.start();
  await using client = await TestClient.start();
  using directory = new TestDirectory();
  using place = new TestDirectory();
  const port = await findFreePort();
  const webSocketPort = await findFreePort();
  directory.write('base.yaml', canaryYaml(port, CLUSTER_IP, { ok: backend.port }));
  directory.write('route.yaml', routeYaml({ ok: 1 }));
  using other = new TestDirectory();
  other.write('base.yaml', canaryYaml(webSocketPort, '127.97.6.2', { ws: sockets.port }));
  other.write('route.yaml', routeYaml({ ws: 1 }));
  const flags = ['--no-datapath', '--workers', '2', '--upgrade-socket', join(place.path, 'socket')];
  const otherFlags = [...flags.slice(0, -1), join(place.path, 'other')];

  await using stack = new AsyncDisposableStack();
  let run = stack.use(await TestRun.start([directory.path, ...flags]));
  let tunnels = stack.use(await TestRun.start([other.path, ...otherFlags]));
  const open = await Promise.all(Array.from({ length: 8 }, () => openWebSocket(webSocketPort)));
  const loads = LOADS.map((load) => client.load(`http://127.0.0.1:${port}`, load));
  for (let upgrade = 0; upgrade < 3; upgrade += 1) {
    const next = stack.use(await TestRun.start([directory.path, ...flags]));
    await run.until('handed-over');
    // Connections come anew with their next request: the old process runs empty by itself.
    assert.deepEqual(await run.ended, { code: 0, error: '' });
    run = next;
  }
  const nextTunnels = stack.use(await TestRun.start([other.path, ...otherFlags]));
  await tunnels.until('handed-over');
  open.push(await openWebSocket(webSocketPort));
  for (const socket of open) assert.equal(await echo(socket, 'still open'), 'still open');
  for (const socket of open) socket.end();
  assert.deepEqual(await tunnels.ended, { code: 0, error: '' });
  tunnels = nextTunnels;
  await client.stopLoads();
  for (const outcomes of await Promise.all(loads)) assert.deepEqual(Object.keys(outcomes), ['200 ok']);
});

test('the kernel goes on steering while processes change', { skip }, async () => {
  await using node = new TestNode();
  await using backend = await TestBackend.start('ok');
  using directory = new TestDirectory();
  using place = new TestDirectory();
  directory.write('base.yaml', canaryYaml(await findFreePort(), CLUSTER_IP, { ok: backend.port }));
  directory.write('route.yaml', routeYaml({ ok: 1 }));
  const flags = [...node.flags, '--workers', '2', '--upgrade-socket', join(place.path, 'socket')];
  await using stack = new AsyncDisposableStack();
  let run = stack.use(await TestRun.start([directory.path, ...flags]));
  const client = await node.client();
  const loads = LOADS.slice(0, 2).map((load) => client.load(`http://${CLUSTER_IP}`, load));
  for (let upgrade = 0; upgrade < 2; upgrade += 1) {
    const next = stack.use(await TestRun.start([directory.path, ...flags]));
    assert.deepEqual(await run.ended, { code: 0, error: '' });
    assert.deepEqual(next.ready.datapath.active && next.ready.datapath.inheritance, 'adopted');
    run = next;
  }
  await client.stopLoads();
  for (const outcomes of await Promise.all(loads)) assert.deepEqual(Object.keys(outcomes), ['200 ok']);
  assert.deepEqual(await run.end('SIGTERM'), { code: 0, error: '' });
  node.assertClean();
});

test('an upgrade that fails leaves the process that serves at work', { skip }, async () => {
  await using node = new TestNode();
  await using backend = await TestBackend.start('ok');
  using directory = new TestDirectory();
  using place = new TestDirectory();
  const port = await findFreePort();
  directory.write('base.yaml', canaryYaml(port, CLUSTER_IP, { ok: backend.port }));
  directory.write('route.yaml', routeYaml({ ok: 1 }));
  const path = join(place.path, 'socket');
  await using run = await TestRun.start([
    directory.path,
    ...node.flags,
    '--workers',
    '1',
    '--upgrade-socket',
    path,
  ]);
  const client = await node.client();

  // It asks, gets everything, and dies before it serves.
  const stranger = DescriptorSocket.connect(path);
  stranger.send(Buffer.from('{"say":"take-over","protocol":1,"version":"x"}'), []);
  while (stranger.receive() === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  directory.write(
    'more.yaml',
    canaryYaml(await findFreePort(), '127.97.6.9', { ok: backend.port }).replaceAll('canary', 'more'),
  );
  stranger.close();
  await run.until('handover');
  assert.equal(await client.get(`http://${CLUSTER_IP}`), '200 ok');
  await run.afterEdit(() => directory.write('late.yaml', '# touched'));

  // It speaks another protocol.
  const old = DescriptorSocket.connect(path);
  old.send(Buffer.from('{"say":"take-over","protocol":99,"version":"x"}'), []);
  let answer = old.receive();
  while (answer === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    answer = old.receive();
  }
  assert.match(answer?.bytes.toString() ?? '', /"refused".*protocol 1, not 99/);
  old.close();

  // It cannot read its directory.
  const refused = await TestRun.refuse([
    join(place.path, 'nowhere'),
    ...node.flags,
    '--upgrade-socket',
    path,
  ]);
  assert.equal(refused.code, 1);
  assert.equal(await client.get(`http://${CLUSTER_IP}`), '200 ok');
});

class EchoBackend {
  readonly port: number;
  readonly #close: () => void;

  static async start(): Promise<EchoBackend> {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        socket.pipe(socket);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new EchoBackend((server.address() as AddressInfo).port, () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
  }

  private constructor(port: number, close: () => void) {
    this.port = port;
    this.#close = close;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
  }
}

async function openWebSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.write(ASK);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 101 /);
  return socket;
}

async function echo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return answer.toString();
}
