// Sockets, epoll and eventfd together, on loopback: what the proxy's loop is built of.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { Epoll, EPOLLIN, EPOLLOUT, EPOLLRDHUP } from './epoll.ts';
import { EAGAIN, SystemError } from './errno.ts';
import { EventFd } from './event-fd.ts';
import { getsockopt, lastErrno, read, write } from './libc.ts';
import { allocatePinned } from './memory.ts';
import {
  acceptConnection,
  closeSocket,
  dropNewConnections,
  endWriting,
  localAddress,
  openListener,
  peerAddress,
  peerOfAccepted,
  probeListener,
  resetOnClose,
  startConnection,
} from './socket.ts';

/** Both ends of a connection over loopback. */
function connectPair(address = '127.0.0.1'): {
  client: number;
  server: number;
  listener: number;
  port: number;
} {
  const { fd: listener, port } = openListener({ address, port: 0, reusePort: false });
  const client = startConnection(address, port);
  assert.ok(client >= 0);
  const server = acceptConnection(listener);
  assert.ok(server >= 0);
  return { client, server, listener, port };
}

for (const address of ['127.0.0.1', '::1'])
  test(`both ends of a connection over ${address} agree on their addresses`, () => {
    const { client, server, listener, port } = connectPair(address);
    const accepted = peerOfAccepted();
    assert.deepEqual(localAddress(server), { address, port });
    assert.deepEqual(peerAddress(client), { address, port });
    assert.deepEqual(localAddress(client), accepted);
    for (const fd of [client, server, listener]) closeSocket(fd);
  });

test('connections are set to send at once, on both sides', () => {
  const { client, server, listener } = connectPair();
  const value = allocatePinned(4);
  const length = allocatePinned(4);
  for (const fd of [client, server]) {
    value.buffer.writeInt32LE(0);
    length.buffer.writeInt32LE(4);
    assert.equal(getsockopt(fd, 6, 1, value.address, length.address), 0);
    assert.equal(value.buffer.readInt32LE(), 1, 'TCP_NODELAY');
  }
  for (const fd of [client, server, listener]) closeSocket(fd);
});

test('edges come once, with the tag of their connection, and FIN is told', () => {
  const epoll = Epoll.open();
  const { client, server, listener } = connectPair();
  const memory = allocatePinned(16);
  assert.equal(epoll.addStream(server, 12_345), 0);
  assert.equal(epoll.wait(1000), 1);
  assert.deepEqual([epoll.fd(0), epoll.tag(0), epoll.events(0)], [server, 12_345, EPOLLOUT]);
  assert.equal(epoll.wait(0), 0, 'writable is told once');
  memory.buffer.write('hello');
  assert.equal(write(client, memory.address, 5), 5);
  assert.equal(epoll.wait(1000), 1);
  assert.equal(epoll.events(0), EPOLLIN | EPOLLOUT);
  assert.equal(epoll.wait(0), 0, 'not again for the same bytes');
  assert.equal(read(server, memory.address, 16), 5);
  assert.equal(read(server, memory.address, 16), -1);
  assert.equal(lastErrno(), EAGAIN);
  endWriting(client);
  assert.equal(epoll.wait(1000), 1);
  assert.equal(epoll.events(0) & EPOLLRDHUP, EPOLLRDHUP);
  assert.equal(read(server, memory.address, 16), 0);
  for (const fd of [client, server, listener]) closeSocket(fd);
  epoll.close();
});

test('an eventfd wakes a wait, as often as it is signalled', () => {
  const epoll = Epoll.open();
  const event = EventFd.open();
  epoll.addReadable(event.fd, 7);
  assert.equal(epoll.wait(0), 0);
  EventFd.attach(event.fd).signal();
  event.signal();
  assert.equal(epoll.wait(1000), 1);
  assert.equal(epoll.tag(0), 7);
  event.take();
  assert.equal(epoll.wait(0), 0, 'taken together');
  epoll.remove(event.fd);
  event.signal();
  assert.equal(epoll.wait(0), 0, 'removed');
  event.close();
  epoll.close();
});

test('a port in use is refused by name, shared ports are shared', () => {
  const { fd, port } = openListener({ address: '127.0.0.1', port: 0, reusePort: true });
  const second = openListener({ address: '127.0.0.1', port, reusePort: true });
  assert.equal(second.port, port);
  for (const attempt of [
    () => probeListener('127.0.0.1', port),
    () => void openListener({ address: '127.0.0.1', port, reusePort: false }),
  ])
    assert.throws(attempt, (error) => {
      assert.ok(error instanceof SystemError);
      assert.deepEqual([error.call, error.code], ['bind', 'EADDRINUSE']);
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}`));
      return true;
    });
  closeSocket(fd);
  closeSocket(second.fd);
  probeListener('127.0.0.1', port);
});

test('a listener that drops new connections keeps those it has', async () => {
  const { fd, port } = openListener({ address: '127.0.0.1', port: 0, reusePort: false });
  const early = connect(port, '127.0.0.1');
  await once(early, 'connect');
  assert.ok(dropNewConnections(fd));
  const late = connect(port, '127.0.0.1').on('error', () => undefined);
  const connected = once(late, 'connect').then(() => 'connected');
  const waited = new Promise((resolve) => setTimeout(resolve, 200, 'dropped'));
  assert.equal(await Promise.race([connected, waited]), 'dropped');
  const accepted = acceptConnection(fd);
  assert.ok(accepted >= 0, 'the early one is in the queue');
  assert.equal(acceptConnection(fd), -1);
  const memory = allocatePinned(16);
  early.write('still');
  for (let got = -1; got < 0;) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    got = read(accepted, memory.address, 16);
  }
  assert.equal(memory.buffer.toString('latin1', 0, 5), 'still');
  late.destroy();
  early.destroy();
  closeSocket(accepted);
  closeSocket(fd);
});

test('resetting a connection is seen as an error, closing it as an end', async () => {
  const { fd, port } = openListener({ address: '127.0.0.1', port: 0, reusePort: false });
  for (const reset of [true, false]) {
    const client = connect(port, '127.0.0.1');
    await once(client, 'connect');
    const accepted = acceptConnection(fd);
    if (reset) resetOnClose(accepted);
    const seen = Promise.race([
      once(client, 'error').then(() => 'error'),
      once(client, 'end').then(() => 'end'),
    ]);
    client.resume();
    closeSocket(accepted);
    assert.equal(await seen.catch(() => 'error'), reset ? 'error' : 'end');
    client.destroy();
  }
  closeSocket(fd);
});
