// Limits of what one client may ask for: the size of a body, and connections from one address.
import assert from 'node:assert/strict';
import { connect as connectHttp2 } from 'node:http2';
import { once } from 'node:events';
import { test } from 'node:test';
import { RawBackend } from './testbed/raw-backend.ts';
import { ask, RawClient } from './testbed/raw-client.ts';
import { ENGINES, eventually, TestProxy } from './testbed/test-proxy.ts';

const MOST = 1000;
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

for (const engine of ENGINES) {
  const limits = { maxBodyBytes: MOST };

  test(`${engine}: a body that says that it is too large is refused before it comes`, async () => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine, limits });
    const post = (length: number): string =>
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
    const answer = await ask(proxy.port, post(MOST + 1));
    assert.equal(answer.status, 413);
    assert.equal(answer.headers.get('x-sluice-failure'), 'BODY_TOO_LARGE');
    assert.equal((await ask(proxy.port, post(MOST) + 'x'.repeat(MOST))).status, 200);
    assert.equal(backend.requests.length, 1);
  });

  test(`${engine}: a body that does not say how large it is may not grow beyond the limit`, async () => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine, limits });
    using client = await RawClient.open(proxy.port);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = `1f4\r\n${'x'.repeat(500)}\r\n`;
    client.send(chunk);
    await eventually(() => backend.sockets.length === 1, 'the request is on its way');
    client.send(chunk + chunk);
    assert.equal((await client.answer()).status, 413);
    assert.equal(backend.requests.length, 0, 'the backend never sees the end of it');
  });

  test(`${engine}: the same over HTTP/2`, async () => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine, limits });
    const session = connectHttp2(`http://127.0.0.1:${proxy.port}`);
    const send = async (length: number, headers: Record<string, string>): Promise<unknown> => {
      const stream = session.request({ ':method': 'POST', ...headers });
      stream.on('error', () => undefined);
      stream.end(Buffer.alloc(length));
      const [answer] = (await once(stream, 'response')) as [Record<string, unknown>];
      stream.resume();
      return answer[':status'];
    };
    try {
      assert.equal(await send(MOST + 1, { 'content-length': String(MOST + 1) }), 413);
      assert.equal(await send(MOST * 3, {}), 413);
      assert.equal(await send(MOST / 2, {}), 200);
    } finally {
      session.destroy();
    }
  });

  test(`${engine}: connections of one address are counted, and make room when they go`, async () => {
    await using backend = await RawBackend.start();
    const perAddress = { maxClientsPerAddress: 3 };
    await using proxy = await TestProxy.start([backend.port], { engine, limits: perAddress });
    const clients: RawClient[] = [];
    for (let i = 0; i < 3; i++) {
      const client = await RawClient.open(proxy.port);
      client.send(GET);
      assert.equal((await client.answer()).status, 200);
      clients.push(client);
    }
    assert.equal((await ask(proxy.port, GET)).status, 503);
    clients.pop()?.close();
    const patience = Date.now() + 5000;
    while ((await ask(proxy.port, GET)).status !== 200) assert.ok(Date.now() < patience, 'no room is made');
    for (const client of clients) client.close();
  });
}
