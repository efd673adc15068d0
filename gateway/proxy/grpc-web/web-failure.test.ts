import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RawClient } from '../testbed/raw-client.ts';
import { eventually, freePort } from '../testbed/test-proxy.ts';
import { ask, open } from '../http2/testbed/ask.ts';
import { LARGE, startGrpcBackend, startWebProxy } from './testbed/grpc-backend.ts';
import { call, FORMS, message, VERSIONS, type WebAnswer } from './testbed/web-call.ts';

const HELLO = message('hello').toString('base64');

function statusOf({ status, headers, body }: WebAnswer): readonly unknown[] {
  return [status, headers['content-type'], headers['grpc-status'], headers['x-sluice-failure'], body.length];
}

for (const version of VERSIONS)
  for (const form of FORMS)
    test(`failures of ours, ${version}, ${form === '' ? 'binary' : 'text'}`, async (t) => {
      await using backend = await startGrpcBackend();
      const type = `application/grpc-web${form}+proto`;

      await t.test('no endpoint, no backend, no connection', async () => {
        await using empty = await startWebProxy([]);
        await using none = await startWebProxy([backend.port], { kind: 'GRPCRoute', backends: [] });
        await using dead = await startWebProxy([await freePort()]);
        const one = { version, form, method: 'Echo' };
        assert.deepEqual(statusOf(await call(empty.port, one)), [200, type, '14', 'NO_ENDPOINT', 0]);
        assert.deepEqual(statusOf(await call(none.port, one)).slice(3), ['NO_BACKEND', 0]);
        assert.deepEqual(statusOf(await call(dead.port, one)), [200, type, '14', 'CONNECT_FAILED', 0]);
      });

      await t.test('the backend resets the stream', async () => {
        await using proxy = await startWebProxy([backend.port]);
        const before = await call(proxy.port, { version, form, method: 'Reset' });
        assert.deepEqual(statusOf(before), [200, type, '14', 'UPSTREAM_RESET', 0]);
        const between = await call(proxy.port, { version, form, method: 'Between' });
        assert.deepEqual([between.messages, between.trailers['grpc-status']], [['whole'], '14']);
        // A frame of ours would be read as the rest of the message.
        await assert.rejects(call(proxy.port, { version, form, method: 'Half' }));
      });

      await t.test("the client's time, and ours", async () => {
        await using proxy = await startWebProxy([backend.port]);
        const headers = { 'Grpc-Timeout': '50m' };
        const late = await call(proxy.port, { version, form, method: 'Hang', headers });
        assert.deepEqual(statusOf(late), [200, type, '4', 'UPSTREAM_TIMEOUT', 0]);
        await eventually(() => backend.calls.at(-1)?.cancelled === true, 'the backend is let go');
        const limits = { responseTimeout: 100 };
        await using hasty = await startWebProxy([backend.port], { kind: 'GRPCRoute' }, { limits });
        const ours = await call(hasty.port, { version, form, method: 'Hang' });
        assert.deepEqual(statusOf(ours), [200, type, '4', 'UPSTREAM_TIMEOUT', 0]);
      });
    });

test('what is not base64 is refused, and the backend never has the whole of a request', async () => {
  await using backend = await startGrpcBackend();
  await using proxy = await startWebProxy([backend.port]);
  for (const version of VERSIONS)
    for (const body of [
      `${HELLO}*`,
      `${HELLO}A`,
      `${HELLO}\r\n`,
      HELLO.replace(/=+$/, ''),
      `A${'AAAA'.repeat(50_000)}`,
    ]) {
      const refused = await call(proxy.port, { version, form: '-text', method: 'Echo', body });
      assert.deepEqual(statusOf(refused).slice(2), ['13', 'BAD_REQUEST', 0]);
      assert.match(String(refused.headers['grpc-message']), /base64/);
      await eventually(() => backend.calls.at(-1)?.cancelled === true, 'the backend is let go');
    }
});

test('a connection goes on after a refused request, and a session after a refused stream', async () => {
  await using backend = await startGrpcBackend();
  await using proxy = await startWebProxy([backend.port]);
  const lines = `POST /shop.Cart/Echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc-web-text\r\n`;
  using client = await RawClient.open(proxy.port);
  client.send(`${lines}Content-Length: 3\r\n\r\nAAA${lines}Content-Length: ${HELLO.length}\r\n\r\n${HELLO}`);
  assert.equal((await client.answer()).headers.get('grpc-status'), '13');
  const { body } = await client.answer();
  assert.equal(String(body).startsWith(HELLO), true);
  client.send(`${lines}Transfer-Encoding: chunked\r\n\r\n4\r\nAAA*\r\n`);
  assert.equal((await client.answer()).headers.get('connection'), 'close');

  using session = open(proxy.port);
  const head = { ':method': 'POST', ':path': '/shop.Cart/Echo', 'content-type': 'application/grpc-web-text' };
  for (let i = 0; i < 20; i++)
    assert.equal((await ask(session, head, '*'.repeat(30_000))).headers['grpc-status'], '13');
  assert.equal(String((await ask(session, head, HELLO)).body).startsWith(HELLO), true);
});

for (const form of FORMS)
  test(`a client that does not read holds the backend up, ${form === '' ? 'binary' : 'text'}`, async () => {
    await using backend = await startGrpcBackend();
    await using proxy = await startWebProxy([backend.port]);
    using session = open(proxy.port);
    const type = `application/grpc-web${form}`;
    const stream = session.request({ ':method': 'POST', ':path': '/shop.Cart/Large', 'content-type': type });
    stream.end();
    // Not a byte is read beyond the window of the client, which is 65,535 bytes.
    await once(stream, 'response');
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok((backend.calls[0]?.unsent() ?? 0) > LARGE / 2);
    let size = 0;
    for await (const piece of stream) size += (piece as Buffer).length;
    assert.ok(size > (form === '' ? LARGE : (LARGE * 4) / 3));
  });

test('a client that goes lets the backend go', async () => {
  await using backend = await startGrpcBackend();
  await using proxy = await startWebProxy([backend.port]);
  using gone = await RawClient.open(proxy.port);
  gone.send(
    'POST /shop.Cart/Hang HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc-web\r\nContent-Length: 0\r\n\r\n',
  );
  await eventually(() => backend.calls.length === 1, 'the call');
  gone.socket.resetAndDestroy();
  await eventually(() => backend.calls[0]?.cancelled === true, 'the backend is let go');
  using session = open(proxy.port);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/shop.Cart/Hang',
    'content-type': 'application/grpc-web',
  });
  await eventually(() => backend.calls.length === 2, 'the second call');
  stream.close(8);
  await eventually(() => backend.calls[1]?.cancelled === true, 'the backend is let go');
});

test('the access log has the status that the client saw', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'sluice-web-')), 'log');
  await using backend = await startGrpcBackend();
  await using proxy = await startWebProxy(
    [backend.port],
    { kind: 'GRPCRoute' },
    { more: { accessLog: { path } } },
  );
  await call(proxy.port, { version: 'HTTP/1.1', form: '', method: 'Echo' });
  await call(proxy.port, { version: 'HTTP/2', form: '-text', method: 'Reset' });
  await call(proxy.port, { version: 'HTTP/2', form: '', method: 'Page' });
  const read = (): Record<string, unknown>[] =>
    readFileSync(path, 'latin1')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  await eventually(() => read().length === 3, 'three lines');
  assert.deepEqual(
    read().map(({ response_code: status, failure }) => [status, failure ?? '']),
    [
      [200, ''],
      [200, 'UPSTREAM_RESET'],
      [503, ''],
    ],
  );
});
