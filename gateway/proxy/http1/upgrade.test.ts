// WebSocket over HTTP/1.1: the question is passed on, and after 101 bytes go both ways untouched. Anything else than 101 is an
// ordinary answer, and nothing that the client sent too early may be read as a request.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { RawClient } from '../testbed/raw-client.ts';
import { ENGINES, TestProxy } from '../testbed/test-proxy.ts';
import { UpgradeBackend } from '../testbed/upgrade-backend.ts';

const ASK =
  'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n';
const AGREED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const REFUSED = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno';
const EARLY = 'GET /early HTTP/1.1\r\nHost: a\r\n\r\n';

for (const engine of ENGINES) {
  test(`${engine}: 101 opens a tunnel`, async () => {
    await using backend = await UpgradeBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    client.send(ASK);
    const answer = await client.answer();
    assert.equal(answer.status, 101);
    assert.equal(answer.headers.get('upgrade'), 'websocket');
    assert.equal(answer.headers.get('connection'), 'Upgrade');
    assert.equal(answer.headers.get('sec-websocket-accept'), 'x');
    const [head = ''] = backend.heads;
    assert.match(head, /\r\nconnection: Upgrade\r\nupgrade: websocket\r\n/);
    assert.match(head, /\r\nSec-WebSocket-Key: k\r\n/);
    assert.equal(head.match(/upgrade:/gi)?.length, 1);
    client.send(EARLY);
    await waitFor(client, EARLY);
    assert.equal(backend.heads.length, 1);
  });

  test(`${engine}: a tunnel carries megabytes both ways and ends side by side`, async () => {
    await using backend = await UpgradeBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    const data = randomBytes(8 << 20);
    client.send(Buffer.concat([Buffer.from(ASK), data]));
    client.socket.end();
    assert.equal((await client.answer()).status, 101);
    const { bytes, reset } = await client.rest();
    assert.equal(reset, false);
    assert.ok(bytes.equals(data), `${bytes.length} bytes came back`);
    assert.deepEqual(proxy.trouble, []);
  });

  test(`${engine}: a backend that ends first leaves the client its say`, async () => {
    await using backend = await UpgradeBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    client.send(ASK);
    assert.equal((await client.answer()).status, 101);
    const [socket] = backend.sockets;
    assert.ok(socket);
    socket.removeAllListeners('data');
    let heard = '';
    socket.on('data', (chunk) => (heard += chunk.toString('latin1')));
    socket.end('bye');
    assert.equal((await client.rest()).bytes.toString(), 'bye');
    client.send('still here');
    client.socket.end();
    await once(socket, 'close');
    assert.equal(heard, 'still here');
  });

  test(`${engine}: a tunnel outlives the idle timeout`, async () => {
    await using backend = await UpgradeBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine, limits: { idleTimeout: 200 } });
    using client = await RawClient.open(proxy.port);
    client.send(ASK);
    assert.equal((await client.answer()).status, 101);
    await new Promise((resolve) => setTimeout(resolve, 900));
    client.send('late');
    await waitFor(client, 'late');
  });

  test(`${engine}: a question in HTTP/1.0 stays one, for the backend to judge`, async () => {
    await using backend = await UpgradeBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    client.send(ASK.replace('HTTP/1.1', 'HTTP/1.0'));
    assert.equal((await client.answer()).status, 101);
    assert.match(backend.heads[0] ?? '', /^GET \/chat HTTP\/1\.0\r\n/);
    client.send('through');
    await waitFor(client, 'through');
  });

  test(`${engine}: without 101 there is no tunnel, and the connection ends`, async () => {
    await using backend = await UpgradeBackend.start(REFUSED);
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    client.send(ASK + EARLY);
    const answer = await client.answer();
    assert.equal(answer.status, 403);
    assert.equal(answer.headers.get('connection'), 'close');
    assert.equal((await client.rest()).bytes.length, 0);
    assert.equal(backend.heads.length, 1, 'what came early was taken for a request');
  });

  const UNFIT: readonly (readonly [name: string, answer: string, ask: string])[] = [
    ['101 without a question', AGREED, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['101 to another protocol', AGREED.replace('websocket', 'h2c'), ASK],
    ['101 without Upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', ASK],
    ['101 without Connection', AGREED.replace('Connection: Upgrade\r\n', ''), ASK],
  ];
  for (const [name, text, ask] of UNFIT)
    test(`${engine}: ${name} is refused`, async () => {
      await using backend = await UpgradeBackend.start(text);
      await using proxy = await TestProxy.start([backend.port], { engine });
      using client = await RawClient.open(proxy.port);
      client.send(ask);
      const answer = await client.answer();
      assert.equal(answer.status, 502);
      assert.equal(answer.headers.get('x-sluice-failure'), 'UPSTREAM_PROTOCOL');
    });
}

async function waitFor(client: RawClient, text: string): Promise<void> {
  while (!client.waiting.includes(text)) {
    assert.equal(client.ended, false, `ended after: ${client.waiting}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
