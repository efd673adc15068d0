// TCP through the proxy: every byte, both ends of a connection each for itself, and breaks that are breaks on the other side too.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { CLUSTER, FAILURE_INDEX, LISTENER } from '../../observe/recorder-layout.ts';
import type { FailureCode } from '../../model/failure.ts';
import { RawClient } from '../testbed/raw-client.ts';
import { streamSnapshot, StreamProxy } from '../testbed/stream-snapshot.ts';
import { echo, name, TcpBackend } from '../testbed/tcp-backend.ts';
import { eventually, freePort } from '../testbed/test-proxy.ts';

const MIB = 1024 * 1024;

function counted({ proxy }: StreamProxy, code: FailureCode): number {
  return proxy.recorders.reduce(
    (sum, { counts, layout }) => sum + (counts[layout.failures + FAILURE_INDEX[code]] ?? 0),
    0,
  );
}

/** What comes of a connection that says nothing: `text`, or 'reset'. */
async function answer(port: number): Promise<string> {
  // The RST may be there before the client knows that it is connected.
  const client = await RawClient.open(port).catch(() => undefined);
  if (client === undefined) return 'reset';
  using _ = client;
  const { bytes, reset } = await client.rest();
  return reset ? 'reset' : bytes.toString();
}

test('a server that speaks first is heard, and a client that ends first gets its answer', async () => {
  await using backend = await TcpBackend.start((socket) => {
    socket.write('220 hello\n');
    let came = '';
    socket.on('data', (bytes) => (came += bytes.toString()));
    socket.on('end', () => socket.end(`you said ${came}`));
  });
  await using proxy = await StreamProxy.start('TCP', [{ ports: [backend.port] }]);
  using client = await RawClient.open(proxy.port);
  await eventually(() => client.waiting === '220 hello\n', 'the greeting');
  client.send('first ');
  client.socket.end('last');
  const { bytes, reset } = await client.rest();
  assert.deepEqual([bytes.toString(), reset], ['220 hello\nyou said first last', false]);
  await eventually(() => backend.sockets[0]?.destroyed === true, 'the backend is closed');
  assert.deepEqual(proxy.trouble, []);
});

test('a server that ends first still hears its client', async () => {
  let came = '';
  await using backend = await TcpBackend.start((socket) => {
    socket.end('bye');
    socket.on('data', (bytes) => (came += bytes.toString()));
  });
  await using proxy = await StreamProxy.start('TCP', [{ ports: [backend.port] }]);
  using client = await RawClient.open(proxy.port);
  await eventually(() => client.ended, 'the end of the backend');
  client.send('still ');
  await eventually(() => came === 'still ', 'the client is heard');
  client.socket.end('here');
  await eventually(() => came === 'still here' && client.socket.closed, 'both have ended');
});

test('16 MiB both ways at once arrive as they were sent', async () => {
  await using backend = await TcpBackend.start(echo);
  await using proxy = await StreamProxy.start('TCP', [{ ports: [backend.port] }], {}, { workers: 2 });
  const transfer = async (): Promise<void> => {
    const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    const [sent, came] = [createHash('sha256'), createHash('sha256')];
    socket.on('data', (bytes) => came.update(bytes));
    const ended = once(socket, 'end');
    for (let i = 0; i < 64; i++) {
      const piece = randomBytes(MIB / 4 - i);
      sent.update(piece);
      if (!socket.write(piece)) await once(socket, 'drain');
    }
    socket.end();
    await ended;
    assert.equal(came.digest('hex'), sent.digest('hex'));
  };
  await Promise.all(Array.from({ length: 4 }, transfer));
  const bytes = (offset: number): number =>
    proxy.proxy.recorders.reduce((sum, { counts }) => sum + counts[LISTENER.width + offset]!, 0);
  const total = 4 * (16 * MIB - (63 * 64) / 2);
  assert.deepEqual(
    [bytes(LISTENER.bytesIn), bytes(LISTENER.bytesOut), bytes(LISTENER.opened)],
    [total, total, 4],
  );
  await eventually(() => bytes(LISTENER.active) === 0, 'no connection is left');
  assert.deepEqual(proxy.trouble, []);
});

test('weights hold exactly, over all workers', async () => {
  await using one = await TcpBackend.start(name('one'));
  await using two = await TcpBackend.start(name('two'));
  await using proxy = await StreamProxy.start(
    'TCP',
    [
      { ports: [one.port], weight: 3 },
      { ports: [two.port], weight: 1 },
      { weight: 1, failure: 'BACKEND_NOT_FOUND' },
    ],
    {},
    { workers: 2 },
  );
  const taken: Record<string, number> = {};
  for (let round = 0; round < 10; round++)
    for (const text of await Promise.all(Array.from({ length: 10 }, () => answer(proxy.port))))
      taken[text] = (taken[text] ?? 0) + 1;
  assert.deepEqual(taken, { one: 60, two: 20, reset: 20 });
  assert.equal(counted(proxy, 'BACKEND_NOT_FOUND'), 20);
});

test('an endpoint that refuses is passed over, and when all do the client is reset', async () => {
  await using backend = await TcpBackend.start(name('here'));
  const dead = await freePort();
  await using proxy = await StreamProxy.start('TCP', [{ ports: [dead, backend.port] }]);
  for (let i = 0; i < 4; i++) assert.equal(await answer(proxy.port), 'here');
  const { counts, layout } = proxy.proxy.recorders[0] ?? assert.fail();
  assert.ok((counts[layout.clusters + CLUSTER.width + CLUSTER.connectFailed] ?? 0) > 0);
  await proxy.apply(streamSnapshot(proxy.port, 'TCP', [{ ports: [dead] }]));
  assert.equal(await answer(proxy.port), 'reset');
  assert.equal(counted(proxy, 'CONNECT_FAILED'), 1);
  await proxy.apply(streamSnapshot(proxy.port, 'TCP', [{ ports: [] }]));
  assert.equal(await answer(proxy.port), 'reset');
  assert.equal(counted(proxy, 'NO_ENDPOINT'), 1);
  await proxy.apply(streamSnapshot(proxy.port, 'TCP', [{ ports: [backend.port], weight: 0 }]));
  assert.equal(await answer(proxy.port), 'reset');
  assert.equal(counted(proxy, 'NO_BACKEND'), 1);
});

test('a reset on one side is a reset on the other', async () => {
  const errors: string[] = [];
  await using backend = await TcpBackend.start((socket) => {
    socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''));
    socket.on('data', (bytes) => {
      if (bytes.toString() === 'break') socket.resetAndDestroy();
      else socket.write(bytes);
    });
  });
  await using proxy = await StreamProxy.start('TCP', [{ ports: [backend.port] }]);
  const open = async (): Promise<RawClient> => {
    const client = await RawClient.open(proxy.port);
    client.send('x');
    await eventually(() => client.waiting === 'x', 'the relay stands');
    return client;
  };
  using one = await open();
  one.socket.resetAndDestroy();
  await eventually(() => errors.length === 1, 'the backend is told');
  assert.deepEqual(errors, ['ECONNRESET']);
  using two = await open();
  two.send('break');
  assert.equal((await two.rest()).reset, true);
  assert.deepEqual([counted(proxy, 'CLIENT_GONE'), counted(proxy, 'UPSTREAM_RESET')], [1, 1]);
});

test('a client that breaks off is noticed although its backend does not read', async () => {
  await using backend = await TcpBackend.start((socket) => socket.pause());
  await using proxy = await StreamProxy.start('TCP', [{ ports: [backend.port] }]);
  const socket = connect({ port: proxy.port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  while (socket.write(Buffer.alloc(MIB)));
  let before = -1;
  await eventually(() => {
    const stopped = socket.bytesWritten - socket.writableLength === before;
    before = socket.bytesWritten - socket.writableLength;
    return stopped;
  }, 'nothing is taken any more');
  for (let i = 0; i < 32; i++) socket.write(Buffer.alloc(MIB));
  socket.resetAndDestroy();
  await eventually(() => counted(proxy, 'CLIENT_GONE') === 1, 'the break is seen');
});

test('a reset after the end of that side is still passed on', async () => {
  await using backend = await TcpBackend.start((socket) => {
    socket.end('half');
    socket.on('data', () => socket.destroy());
  });
  await using proxy = await StreamProxy.start('TCP', [{ ports: [backend.port] }]);
  const socket: Socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.resume();
  await once(socket, 'end');
  let error = '';
  socket.on('error', ({ code }: NodeJS.ErrnoException) => (error = code ?? ''));
  // Nobody is left to read the second one.
  socket.write('x');
  await eventually(() => backend.sockets[0]?.destroyed === true, 'the backend is gone');
  socket.write('y');
  await eventually(() => counted(proxy, 'UPSTREAM_RESET') === 1, 'the break is seen');
  // Node reads no more after an end: only writing tells it.
  socket.write('z');
  await eventually(() => error === 'ECONNRESET' || error === 'EPIPE', 'the client is told');
});
