// Slow readers, silence, too many clients, and the end of the proxy: what a relay may hold, and for how long.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { closeSocket, openListener } from '#native/socket';
import { CLUSTER, FAILURE_INDEX } from '../../observe/recorder-layout.ts';
import type { FailureCode } from '../../model/failure.ts';
import { RawClient } from '../testbed/raw-client.ts';
import { streamSnapshot, StreamProxy } from '../testbed/stream-snapshot.ts';
import { echo, name, TcpBackend } from '../testbed/tcp-backend.ts';
import { eventually, freePort } from '../testbed/test-proxy.ts';

const MIB = 1024 * 1024;

function counted({ proxy }: StreamProxy, code: FailureCode): number {
  const { counts, layout } = proxy.recorders[0] ?? assert.fail();
  return counts[layout.failures + FAILURE_INDEX[code]] ?? 0;
}

function connections({ proxy }: StreamProxy): number {
  const { counts, layout } = proxy.recorders[0] ?? assert.fail();
  return counts[layout.clusters + CLUSTER.width + CLUSTER.active] ?? 0;
}

async function reset(port: number): Promise<boolean> {
  const client = await RawClient.open(port).catch(() => undefined);
  if (client === undefined) return true;
  using _ = client;
  return (await client.rest()).reset;
}

test('a client that does not read stops its backend, and nothing is lost when it goes on', async () => {
  let sent = 0;
  await using backend = await TcpBackend.start((socket) => {
    if (sent > 0) {
      socket.end('hello');
      return;
    }
    const piece = Buffer.alloc(MIB, 'x');
    const more = (): void => {
      while (sent < 64 * MIB && !socket.destroyed) {
        sent += piece.length;
        if (!socket.write(piece)) return;
      }
      socket.end();
    };
    socket.on('drain', more);
    more();
  });
  // Even a proxy that may hold nothing lets it through: what waits is one read.
  await using proxy = await StreamProxy.start('TCP', [{ ports: [backend.port] }], {
    maxBufferedBytes: 300_000,
  });
  const socket = connect({ port: proxy.port, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.pause();
  let before = -1;
  await eventually(() => {
    const stopped = sent === before && sent > 0;
    before = sent;
    return stopped;
  }, 'the backend is stopped');
  assert.ok(sent < 48 * MIB, `${sent} bytes were taken`);
  // What is held here is less than would keep another client out.
  using other = await RawClient.open(proxy.port);
  assert.equal((await other.rest()).bytes.toString(), 'hello');
  let came = 0;
  socket.on('data', (bytes: Buffer) => (came += bytes.length));
  socket.resume();
  await once(socket, 'end');
  assert.equal(came, 64 * MIB);
});

test('silence for too long ends both sides; bytes either way keep them', async () => {
  await using backend = await TcpBackend.start(echo);
  await using proxy = await StreamProxy.start('TCP', [{ ports: [backend.port] }], { tunnelTimeout: 500 });
  using busy = await RawClient.open(proxy.port);
  using idle = await RawClient.open(proxy.port);
  const timer = setInterval(() => busy.send('.'), 100);
  const { reset } = await idle.rest();
  assert.equal(reset, false);
  assert.equal(busy.ended, false);
  clearInterval(timer);
  await busy.rest();
  await eventually(() => connections(proxy) === 0, 'the backends are let go');
  assert.equal(counted(proxy, 'CLIENT_GONE'), 2);
});

test('an endpoint that does not answer is left for another; without one the client is reset', async () => {
  await using backend = await TcpBackend.start(name('here'));
  // Nothing answers there: a listener whose queue is full drops what comes.
  const deaf = await deafListener();
  try {
    await using proxy = await StreamProxy.start('TCP', [{ ports: [deaf.port, backend.port] }], {
      connectTimeout: 300,
    });
    for (let i = 0; i < 2; i++) {
      using client = await RawClient.open(proxy.port);
      assert.equal((await client.rest()).bytes.toString(), 'here');
    }
    await proxy.apply(streamSnapshot(proxy.port, 'TCP', [{ ports: [deaf.port] }]));
    assert.equal(await reset(proxy.port), true);
    assert.equal(counted(proxy, 'CONNECT_TIMEOUT'), 1);
  } finally {
    deaf.close();
  }
});

test('one connection too many, to the proxy and to an endpoint, is reset', async () => {
  await using backend = await TcpBackend.start(echo);
  await using proxy = await StreamProxy.start('TCP', [{ ports: [backend.port] }], {
    maxClients: 3,
    maxConnections: 2,
  });
  using one = await RawClient.open(proxy.port);
  using two = await RawClient.open(proxy.port);
  for (const client of [one, two]) client.send('x');
  await eventually(() => one.waiting === 'x' && two.waiting === 'x', 'two are served');
  assert.equal(await reset(proxy.port), true);
  assert.equal(counted(proxy, 'POOL_FULL'), 1);
  one.close();
  await eventually(() => connections(proxy) === 1, 'one has gone');
  using three = await RawClient.open(proxy.port);
  three.send('y');
  await eventually(() => three.waiting === 'y', 'another takes its place');
});

test('draining: who is connected may finish, until the time is up', async () => {
  await using backend = await TcpBackend.start(echo);
  const { proxy, port } = await StreamProxy.start('TCP', [{ ports: [backend.port] }]);
  using quick = await RawClient.open(port);
  using slow = await RawClient.open(port);
  for (const client of [quick, slow]) client.send('a');
  await eventually(() => quick.waiting === 'a' && slow.waiting === 'a', 'both stand');
  const drained = proxy.drain(1500);
  await eventually(() => backend.sockets.length === 2, 'draining');
  quick.send('b');
  quick.socket.end();
  const { bytes, reset: broken } = await quick.rest();
  assert.deepEqual([bytes.toString(), broken], ['ab', false]);
  await drained;
  assert.equal(slow.ended, false);
  await proxy.close();
  assert.equal((await slow.rest()).reset, true);
  assert.equal(
    proxy.recorders[0]?.counts[(proxy.recorders[0]?.layout.failures ?? 0) + FAILURE_INDEX.STOPPED],
    1,
  );
});

test('a port that leaves lets its connections finish', async () => {
  await using backend = await TcpBackend.start(echo);
  await using proxy = await StreamProxy.start('TCP', [{ ports: [backend.port] }]);
  using client = await RawClient.open(proxy.port);
  client.send('a');
  await eventually(() => client.waiting === 'a', 'the relay stands');
  await proxy.apply(streamSnapshot(await freePort(), 'TCP', [{ ports: [backend.port] }]));
  client.send('b');
  await eventually(() => client.waiting === 'ab', 'it still does');
  // At first the kernel holds new ones off, then there is nobody.
  while (await reached(proxy.port));
});

/** A port that accepts nobody: its queue has room for one, who is there. */
async function deafListener(): Promise<{ readonly port: number; close(): void }> {
  const { fd, port } = openListener({ address: '127.0.0.1', port: 0, reusePort: false, backlog: 0 });
  const first = connect({ port, host: '127.0.0.1' });
  await once(first, 'connect');
  return {
    port,
    close() {
      first.destroy();
      closeSocket(fd);
    },
  };
}

async function reached(port: number): Promise<boolean> {
  const client = await RawClient.open(port).catch(() => undefined);
  client?.close();
  return client !== undefined;
}
