// UDP through the proxy: every client has its session and its backend, and none of them is kept for ever.
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { FailureCode } from '../../model/failure.ts';
import { CLUSTER, FAILURE_INDEX, LISTENER } from '../../observe/recorder-layout.ts';
import { streamSnapshot, StreamProxy } from '../testbed/stream-snapshot.ts';
import { eventually, freePort } from '../testbed/test-proxy.ts';

const MANY = 200;

class UdpBackend {
  readonly port: number;
  readonly socket: Socket;
  /** Ports that datagrams came from. */
  readonly clients = new Set<number>();

  /** Answers with its name and what came. */
  static async start(name: string, port = 0): Promise<UdpBackend> {
    const socket = createSocket('udp4');
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening').catch((error: unknown) => {
      socket.close();
      throw error;
    });
    return new UdpBackend(name, socket);
  }

  private constructor(name: string, socket: Socket) {
    this.socket = socket;
    this.port = socket.address().port;
    socket.on('message', (bytes, { port, address }) => {
      this.clients.add(port);
      socket.send(Buffer.concat([Buffer.from(name), bytes]), port, address);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.socket.close(resolve));
  }
}

class UdpClient {
  readonly socket: Socket;
  readonly answers: string[] = [];
  readonly senders = new Set<string>();

  static async open(): Promise<UdpClient> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new UdpClient(socket);
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('message', (bytes, { address, port }) => {
      this.answers.push(bytes.toString());
      this.senders.add(`${address}:${port}`);
    });
  }

  send(text: string | Buffer, port: number, address = '127.0.0.1'): void {
    this.socket.send(text, port, address);
  }

  /** Sends until there is an answer more: a datagram may be lost on the way. */
  async ask(text: string, port: number): Promise<string> {
    const before = this.answers.length;
    for (let wait = 0; wait < 500 && this.answers.length === before; wait++) {
      if (wait % 20 === 0) this.send(text, port);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return this.answers.at(-1) ?? assert.fail('no answer');
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

/** Once the proxy has let go of the port. */
async function startWhenFree(port: number): Promise<UdpBackend> {
  for (;;) {
    const backend = await UdpBackend.start('', port).catch(() => undefined);
    if (backend !== undefined) return backend;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function counted({ proxy }: StreamProxy, code: FailureCode): number {
  return proxy.recorders.reduce(
    (sum, { counts, layout }) => sum + counts[layout.failures + FAILURE_INDEX[code]]!,
    0,
  );
}

function listener({ proxy }: StreamProxy, offset: number): number {
  return proxy.recorders.reduce((sum, { counts }) => sum + counts[LISTENER.width + offset]!, 0);
}

test(`${MANY} clients over two workers: each gets its own answers, from the address it asked`, async () => {
  await using backend = await UdpBackend.start('');
  await using proxy = await StreamProxy.start('UDP', [{ ports: [backend.port] }], {}, { workers: 2 });
  const clients = await Promise.all(Array.from({ length: MANY }, () => UdpClient.open()));
  for (let turn = 1; turn <= 3; turn++) {
    for (const [index, client] of clients.entries()) client.send(`client ${index}`, proxy.port);
    await eventually(() => clients.every(({ answers }) => answers.length === turn), 'all answers');
  }
  for (const [index, client] of clients.entries()) {
    assert.deepEqual(
      client.answers,
      Array.from({ length: 3 }, () => `client ${index}`),
    );
    assert.deepEqual([...client.senders], [`127.0.0.1:${proxy.port}`]);
    client[Symbol.dispose]();
  }
  assert.equal(backend.clients.size, MANY);
  assert.deepEqual([listener(proxy, LISTENER.opened), listener(proxy, LISTENER.active)], [MANY, MANY]);
  const bytes = 3 * (MANY * 'client '.length + 10 + 90 * 2 + (MANY - 100) * 3);
  assert.deepEqual([listener(proxy, LISTENER.bytesIn), listener(proxy, LISTENER.bytesOut)], [bytes, bytes]);
  assert.deepEqual(proxy.trouble, []);
});

test('the largest datagram, and one of no bytes', async () => {
  await using backend = await UdpBackend.start('');
  await using proxy = await StreamProxy.start('UDP', [{ ports: [backend.port] }]);
  using client = await UdpClient.open();
  client.send(Buffer.alloc(65_507, 'x'), proxy.port);
  await eventually(() => client.answers[0]?.length === 65_507, 'the large one');
  client.send('', proxy.port);
  await eventually(() => client.answers[1] === '', 'the empty one');
});

test('sessions follow the weights exactly, and each stays with its backend', async () => {
  await using one = await UdpBackend.start('one');
  await using two = await UdpBackend.start('two');
  await using proxy = await StreamProxy.start(
    'UDP',
    [
      { ports: [one.port], weight: 9 },
      { ports: [two.port], weight: 1 },
    ],
    {},
    { workers: 2 },
  );
  const clients = await Promise.all(Array.from({ length: 50 }, () => UdpClient.open()));
  for (let turn = 0; turn < 2; turn++) for (const client of clients) client.send('', proxy.port);
  await eventually(() => clients.every(({ answers }) => answers.length === 2), 'all answers');
  for (const { answers } of clients) assert.equal(answers[0], answers[1]);
  assert.deepEqual([one.clients.size, two.clients.size], [45, 5]);
  for (const client of clients) client[Symbol.dispose]();
});

test('a refusal sends the next datagram to another endpoint', async () => {
  await using backend = await UdpBackend.start('');
  const dead = await freePort();
  await using proxy = await StreamProxy.start('UDP', [{ ports: [dead, backend.port] }]);
  const clients = await Promise.all(Array.from({ length: 4 }, () => UdpClient.open()));
  for (const client of clients) {
    const timer = setInterval(() => client.send('x', proxy.port), 20);
    await eventually(() => client.answers.length > 0, 'an answer');
    clearInterval(timer);
    client[Symbol.dispose]();
  }
  const { counts, layout } = proxy.proxy.recorders[0] ?? assert.fail();
  assert.ok(counts[layout.clusters + CLUSTER.width + CLUSTER.connectFailed]! >= 1);
});

test('a session ends after silence, and the next datagram begins another', async () => {
  await using backend = await UdpBackend.start('');
  await using proxy = await StreamProxy.start('UDP', [{ ports: [backend.port] }], { sessionTimeout: 200 });
  using client = await UdpClient.open();
  assert.equal(await client.ask('a', proxy.port), 'a');
  await eventually(() => listener(proxy, LISTENER.active) === 0, 'the session ends');
  assert.equal(await client.ask('b', proxy.port), 'b');
  assert.equal(listener(proxy, LISTENER.opened), 2);
  assert.equal(backend.clients.size, 2);
});

test('beyond the limit the session that was silent for longest gives way', async () => {
  await using backend = await UdpBackend.start('');
  await using proxy = await StreamProxy.start('UDP', [{ ports: [backend.port] }], { maxSessions: 3 });
  const clients = await Promise.all(Array.from({ length: 4 }, () => UdpClient.open()));
  const ask = (index: number): Promise<string> =>
    clients[index]?.ask(String(index), proxy.port) ?? assert.fail();
  for (const index of [0, 1, 2, 0, 3, 0, 2, 3]) assert.equal(await ask(index), String(index));
  assert.equal(counted(proxy, 'SESSION_DISPLACED'), 1);
  assert.equal(listener(proxy, LISTENER.active), 3);
  await ask(1);
  assert.equal(counted(proxy, 'SESSION_DISPLACED'), 2);
  for (const client of clients) client[Symbol.dispose]();
});

test('a backend that leaves with a new Snapshot gets nothing more; one that stays keeps its sessions', async () => {
  await using one = await UdpBackend.start('one');
  await using two = await UdpBackend.start('two');
  await using proxy = await StreamProxy.start('UDP', [{ ports: [one.port] }]);
  using client = await UdpClient.open();
  assert.equal(await client.ask('', proxy.port), 'one');
  await proxy.apply(streamSnapshot(proxy.port, 'UDP', [{ ports: [one.port, two.port] }]));
  assert.equal(await client.ask('', proxy.port), 'one');
  assert.equal(one.clients.size, 1);
  await proxy.apply(streamSnapshot(proxy.port, 'UDP', [{ ports: [two.port] }]));
  assert.equal(await client.ask('', proxy.port), 'two');
  await proxy.apply(
    streamSnapshot(proxy.port, 'UDP', [{ ports: [two.port], weight: 0 }, { ports: [one.port] }]),
  );
  assert.equal(await client.ask('', proxy.port), 'one');
  await proxy.apply(streamSnapshot(proxy.port, 'UDP', [{ failure: 'BACKEND_NOT_FOUND' }]));
  client.send('', proxy.port);
  await eventually(() => listener(proxy, LISTENER.opened) === 4, 'a session that leads nowhere');
  await proxy.apply(streamSnapshot(proxy.port, 'UDP', [{ ports: [one.port] }]));
  assert.equal(await client.ask('', proxy.port), 'one');
  assert.equal(counted(proxy, 'BACKEND_NOT_FOUND'), 1);
});

test('UDP and TCP share a number, a port in use is reported with the mend, and opens when it is free', async () => {
  await using backend = await UdpBackend.start('');
  await using test = await StreamProxy.start('UDP', [{ ports: [backend.port] }], {}, { workers: 2 });
  const udp = streamSnapshot(test.port, 'UDP', [{ ports: [backend.port] }]);
  const tcp = streamSnapshot(test.port, 'TCP', []);
  const holder = createServer().listen(test.port, '127.0.0.1');
  await once(holder, 'listening');
  const both = { ...udp, ports: [...udp.ports, ...tcp.ports] };
  const states = async (): Promise<unknown> =>
    (await test.proxy.apply(both)).ports.map(({ port, transport, state }) => [port, transport, state]);
  assert.deepEqual(await states(), [
    [test.port, 'udp', 'listening'],
    [test.port, 'tcp', 'failed'],
  ]);
  await new Promise((resolve) => holder.close(resolve));
  assert.deepEqual(await states(), [
    [test.port, 'udp', 'listening'],
    [test.port, 'tcp', 'listening'],
  ]);
  using client = await UdpClient.open();
  assert.equal(await client.ask('x', test.port), 'x');
  await test.proxy.apply(tcp);
  await using other = await startWhenFree(test.port);
  const report = await test.proxy.apply(both);
  assert.match(`${report.ports[0]?.detail} ${report.ports[0]?.mend}`, /EADDRINUSE.*end the process/);
  assert.equal(other.port, test.port);
});

test('a worker that dies takes its sessions with it, and nothing else', async () => {
  await using backend = await UdpBackend.start('');
  await using proxy = await StreamProxy.start('UDP', [{ ports: [backend.port] }], {}, { workers: 2 });
  const clients = await Promise.all(Array.from({ length: 8 }, () => UdpClient.open()));
  for (const client of clients) assert.equal(await client.ask('before', proxy.port), 'before');
  proxy.proxy.crashWorker(0);
  for (const client of clients) assert.equal(await client.ask('after', proxy.port), 'after');
  for (const client of clients) client[Symbol.dispose]();
  assert.match(proxy.trouble.join(), /the worker died and is started again/);
});

test('draining waits for an answer that is on its way', async () => {
  await using backend = await UdpBackend.start('');
  backend.socket.removeAllListeners('message');
  backend.socket.on('message', (bytes, { port, address }) =>
    setTimeout(() => backend.socket.send(bytes, port, address), 200),
  );
  const { proxy, port } = await StreamProxy.start('UDP', [{ ports: [backend.port] }]);
  using client = await UdpClient.open();
  client.send('late', port);
  await eventually(
    () => (proxy.recorders[0]?.counts[LISTENER.width + LISTENER.active] ?? 0) === 1,
    'the session',
  );
  await proxy.drain(5000);
  await eventually(() => client.answers[0] === 'late', 'the answer');
  await proxy.close();
});
