// Attacks on time, memory and descriptors.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ok, RawBackend } from '../../testbed/raw-backend.ts';
import { ask, RawClient } from '../../testbed/raw-client.ts';
import { ENGINES, eventually, TestProxy } from '../../testbed/test-proxy.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const LARGE = 'HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n';
const MEGABYTE = Buffer.alloc(1 << 20, 'x');

function countDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

for (const engine of ENGINES) {
  test(`${engine}: CVE-2024-28869: a GET that announces a body and sends none is given up`, async () => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine, limits: { idleTimeout: 300 } });
    using client = await RawClient.open(proxy.port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n');
    const answer = await client.answer();
    assert.deepEqual([answer.status, answer.headers.get('x-sluice-failure')], [408, 'BODY_TIMEOUT']);
    assert.equal((await client.rest()).bytes.length, 0);
    await eventually(() => backend.sockets.every((socket) => socket.destroyed), 'its backend is free again');
  });

  test(`${engine}: CVE-2018-12122: a head that comes a line at a time ends at its deadline all the same`, async () => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], {
      engine,
      limits: { headTimeout: 500 },
    });
    using client = await RawClient.open(proxy.port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n');
    const drip = setInterval(() => client.send('X: y\r\n'), 50);
    const answer = await client.answer().finally(() => clearInterval(drip));
    assert.deepEqual([answer.status, answer.headers.get('x-sluice-failure')], [408, 'HEAD_TIMEOUT']);
  });

  test(`${engine}: slow read: a client that reads nothing loses its answer, and its backend is let go`, async () => {
    await using backend = await RawBackend.start(({ socket }) => {
      socket.write(LARGE);
      const more = (): void => {
        while (socket.writable && socket.write(MEGABYTE));
      };
      socket.on('drain', more);
      more();
    });
    await using proxy = await TestProxy.start([backend.port], { engine, limits: { idleTimeout: 400 } });
    const client = connect({ port: proxy.port, host: '127.0.0.1' });
    client.on('error', () => undefined);
    client.pause();
    client.write(GET);
    await eventually(() => backend.sockets.length === 1, 'the backend is asked');
    await eventually(() => backend.sockets[0]!.destroyed, 'the backend is let go');
    client.destroy();
  });

  test(`${engine}: CVE-2021-22883: connections that speak no protocol leave no descriptor behind`, async () => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    assert.equal((await ask(proxy.port, GET)).status, 200);
    const before = countDescriptors();
    for (let round = 0; round < 10; round += 1)
      await Promise.all(
        Array.from({ length: 50 }, async (_, n) => {
          const socket = connect({ port: proxy.port, host: '127.0.0.1' });
          socket.on('error', () => undefined);
          socket.write(n % 2 === 0 ? Buffer.from('16030100a5010000a10303', 'hex') : `\0garbage${n}\r\n\r\n`);
          if (n % 5 === 0) setTimeout(() => socket.resetAndDestroy(), 5);
          else if (n % 2 === 0) socket.end();
          socket.resume();
          await once(socket, 'close');
        }),
      );
    await eventually(() => countDescriptors() <= before, 'as many descriptors as before');
    assert.equal((await ask(proxy.port, GET)).status, 200);
    assert.deepEqual(proxy.trouble, []);
  });

  test(`${engine}: CVE-2025-62409: clients that reset in the middle of a large answer leave nothing behind`, async () => {
    await using backend = await RawBackend.start(({ socket }) => {
      socket.write(LARGE);
      const more = (): void => {
        while (socket.writable && socket.write(MEGABYTE));
      };
      socket.on('drain', more);
      more();
    });
    await using proxy = await TestProxy.start([backend.port], { engine });
    const before = countDescriptors();
    for (let round = 0; round < 60; round += 1) {
      const client = connect({ port: proxy.port, host: '127.0.0.1' });
      client.on('error', () => undefined);
      client.write(GET);
      await once(client, 'data');
      client.resetAndDestroy();
    }
    await eventually(() => backend.sockets.every((socket) => socket.destroyed), 'no backend goes on sending');
    await eventually(() => countDescriptors() <= before, 'as many descriptors as before');
    backend.respond = ok('ok');
    assert.equal((await ask(proxy.port, GET)).status, 200);
    assert.deepEqual(proxy.trouble, []);
  });
}

test('CVE-2026-21717: names made to collide in a hash table are refused by number, and cost nothing below it', async () => {
  await using backend = await RawBackend.start();
  await using proxy = await TestProxy.start([backend.port]);
  const head = (fields: number): string =>
    `GET /?${Array.from({ length: 2500 }, (_, n) => `${n * 65_536}=`).join('&')} HTTP/1.1\r\nHost: a\r\n` +
    `${Array.from({ length: fields }, (_, n) => `${n * 65_536}: x\r\n`).join('')}\r\n`;
  assert.equal((await ask(proxy.port, head(100))).status, 200);
  assert.equal((await ask(proxy.port, head(400))).status, 431);
  assert.equal((await ask(proxy.port, head(10_000))).status, 431);
});

test('CVE-2022-29225, CVE-2026-22036: no coding of content is ever undone', async () => {
  const bomb = gzipSync(Buffer.alloc(10 << 20));
  const codings = Array.from({ length: 1000 }, () => 'gzip').join(', ');
  await using backend = await RawBackend.start(({ socket }) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: ${codings}\r\nContent-Length: ${bomb.length}\r\n\r\n`);
    socket.write(bomb);
  });
  await using proxy = await TestProxy.start([backend.port]);
  const lines = `Content-Encoding: ${codings}\r\nContent-Length: ${bomb.length}\r\n`;
  using client = await RawClient.open(proxy.port);
  client.send(`POST / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
  client.send(bomb);
  const answer = await client.answer();
  assert.deepEqual(answer.body, bomb);
  assert.equal(answer.headers.get('content-encoding'), codings);
  assert.deepEqual(Buffer.from(backend.requests[0]!.body, 'latin1'), bomb);
});
