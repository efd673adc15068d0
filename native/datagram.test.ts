// Datagrams between real sockets: many in one call, who sent them, and answers that come from where the question went.
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { DatagramBatch } from './datagram-batch.ts';
import { connectDatagrams, openDatagrams, probeDatagrams } from './datagram.ts';
import { EAGAIN, ECONNREFUSED, SystemError } from './errno.ts';
import { lastErrno } from './libc.ts';
import { closeSocket, localAddress } from './socket.ts';

async function clientOf(address: string): Promise<Socket & Disposable> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  return Object.assign(socket, { [Symbol.dispose]: () => void socket.close() });
}

/** Datagrams on loopback are there when send has returned. */
function sent(socket: Socket, text: string, port: number, address: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.send(text, port, address, (error) => (error === null ? resolve() : reject(error)));
  return promise;
}

function keys(batch: DatagramBatch, count: number): string[] {
  return Array.from({ length: count }, (_, index) => batch.key(index));
}

for (const [bind, from, to] of [
  ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
  ['0.0.0.0', '127.0.0.1', '127.0.0.2'],
  ['::1', '::1', '::1'],
  ['::', '::1', '::1'],
  ['::', '127.0.0.1', '127.0.0.3'],
] as const)
  test(`${bind}: datagrams of two clients to ${to} are told apart and answered from there`, async () => {
    const { fd, port } = openDatagrams({ address: bind, port: 0, reusePort: false });
    try {
      using one = await clientOf(from);
      using two = await clientOf(from);
      const batch = new DatagramBatch(4);
      assert.equal(batch.receive(fd), -1);
      assert.equal(lastErrno(), EAGAIN);
      for (const [client, text] of [
        [one, 'a'],
        [two, ''],
        [one, 'ccc'],
      ] as const)
        await sent(client, text, port, to);
      assert.equal(batch.receive(fd), 3);
      const lengths = [0, 1, 2].map((index) => batch.length(index));
      assert.deepEqual(lengths, [1, 0, 3]);
      const [first, second, third] = keys(batch, 3);
      assert.equal(first, third);
      assert.notEqual(first, second);
      assert.deepEqual(batch.sender(1), { address: from, port: two.address().port });
      const answers = once(two, 'message');
      assert.equal(batch.send(fd, 2, 1, batch.envelope(1)), 1);
      const [bytes, sender] = (await answers) as [Buffer, { address: string; port: number }];
      assert.deepEqual([bytes.toString(), sender.address, sender.port], ['ccc', to, port]);
    } finally {
      closeSocket(fd);
    }
  });

test('what was sent to another of our addresses has another key', async () => {
  const { fd, port } = openDatagrams({ address: '0.0.0.0', port: 0, reusePort: false });
  using client = await clientOf('127.0.0.1');
  for (const to of ['127.0.0.1', '127.0.0.2', '127.0.0.1']) await sent(client, 'x', port, to);
  const batch = new DatagramBatch(4);
  assert.equal(batch.receive(fd), 3);
  const [first, second, third] = keys(batch, 3);
  assert.equal(first, third);
  assert.notEqual(first, second);
  closeSocket(fd);
});

test('bursts pass in order through a connected socket, the largest datagram too', async () => {
  const { fd, port } = openDatagrams({ address: '127.0.0.1', port: 0, reusePort: false });
  using backend = await clientOf('127.0.0.1');
  using client = await clientOf('127.0.0.1');
  const got: string[] = [];
  backend.on('message', (bytes) => got.push(bytes.length > 20 ? `${bytes.length} bytes` : bytes.toString()));
  const connected = connectDatagrams('127.0.0.1', backend.address().port);
  const texts = ['1', '22', '333', 'x'.repeat(65_507), '5'];
  for (const text of texts) await sent(client, text, port, '127.0.0.1');
  const batch = new DatagramBatch(3);
  assert.equal(batch.receive(fd), 3);
  assert.equal(batch.send(connected, 0, 1, null), 1);
  assert.equal(batch.send(connected, 1, 2, null), 2);
  assert.equal(batch.receive(fd), 2);
  assert.equal(batch.send(connected, 0, 2, null), 2);
  while (got.length < texts.length) await once(backend, 'message');
  assert.deepEqual(got, ['1', '22', '333', '65507 bytes', '5']);
  closeSocket(connected);
  closeSocket(fd);
});

test('nobody listens: the next call says so', async () => {
  const { fd, port } = openDatagrams({ address: '127.0.0.1', port: 0, reusePort: false });
  using client = await clientOf('127.0.0.1');
  const gone = await clientOf('127.0.0.1');
  const connected = connectDatagrams('127.0.0.1', gone.address().port);
  gone.close();
  await sent(client, 'x', port, '127.0.0.1');
  const batch = new DatagramBatch(1);
  assert.equal(batch.receive(fd), 1);
  assert.equal(batch.send(connected, 0, 1, null), 1);
  assert.equal(batch.receive(connected), -1);
  assert.equal(lastErrno(), ECONNREFUSED);
  closeSocket(connected);
  closeSocket(fd);
});

test('a port is shared only by sockets that say so; TCP on the same number is another', () => {
  const { fd, port } = openDatagrams({ address: '127.0.0.1', port: 0, reusePort: true });
  const second = openDatagrams({ address: '127.0.0.1', port, reusePort: true });
  assert.equal(localAddress(second.fd).port, port);
  assert.throws(
    () => probeDatagrams('127.0.0.1', port),
    (error) => {
      assert.ok(error instanceof SystemError);
      assert.match(error.message, new RegExp(`bind 127.0.0.1:${port}: EADDRINUSE`));
      return true;
    },
  );
  closeSocket(fd);
  closeSocket(second.fd);
  probeDatagrams('127.0.0.1', port);
});
