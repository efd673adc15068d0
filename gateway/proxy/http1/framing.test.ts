// What must not get through, sent as bytes through a running proxy: the client gets an error or an end, the backend nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawBackend } from '../testbed/raw-backend.ts';
import { ask, RawClient } from '../testbed/raw-client.ts';
import { ENGINES, TestProxy } from '../testbed/test-proxy.ts';

const HEAD = 'POST /c HTTP/1.1\r\nHost: a\r\n';
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const CHUNKED_SMUGGLE = `34\r\n${SMUGGLED}\r\n0\r\n\r\n`;

const REFUSED: readonly (readonly [name: string, request: string, status: number])[] = [
  [
    'length and coding',
    `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${CHUNKED_SMUGGLE}`,
    400,
  ],
  [
    'coding and length',
    `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'coding behind a space',
    `${HEAD}Content-Length: 5\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'coding hidden by LF',
    `${HEAD}Content-Length: 5\r\nX: x\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'coding hidden by CR',
    `${HEAD}Content-Length: 5\r\nX: x\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'folded coding',
    `${HEAD}Content-Length: 5\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'coding in HTTP/1.0',
    `POST /c HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  ['two lengths', `${HEAD}Content-Length: 0\r\nContent-Length: 52\r\n\r\n${SMUGGLED}`, 400],
  ['chunk size with LF', `${HEAD}Transfer-Encoding: chunked\r\n\r\n0\n\r\n${SMUGGLED}`, 400],
  ['trailer without a colon', `${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n${SMUGGLED}`, 400],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
  ['Host with a user', 'GET / HTTP/1.1\r\nHost: a@b\r\n\r\n', 400],
  ['Host list', 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n', 400],
  ['authority with a user', 'GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n', 400],
  ['version 2', 'GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505],
  ['HTTP/0.9', 'GET /\r\n\r\n', 400],
  ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 501],
  ['CONNECT with a path', 'CONNECT /c HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['asterisk without OPTIONS', 'GET * HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['fragment', 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['climbing above the root', 'GET /a/../../b HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['hidden dots', 'GET /a/..%2fb HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['other expectation', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: bogus\r\n\r\n', 417],
  [
    'WebSocket with a body',
    `GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 52\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    'WebSocket by POST',
    'POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    400,
  ],
  ['head too large', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
  ['target too large', `GET /${'x'.repeat(70_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
  ['too many headers', `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(200)}\r\n`, 431],
  ['bytes of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
];

for (const engine of ENGINES)
  test(`${engine}: what is refused gets its status, ends the connection, and never reaches a backend`, async (t) => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    for (const [name, request, status] of REFUSED)
      await t.test(name, async () => {
        using client = await RawClient.open(proxy.port);
        client.send(request);
        const answer = await client.answer();
        assert.equal(answer.status, status);
        assert.equal(answer.headers.get('connection'), 'close');
        assert.match(answer.headers.get('x-sluice-failure') ?? '', /^[A-Z_]+$/);
        assert.deepEqual([...(await client.rest()).bytes], [], 'nothing after the refusal');
        assert.equal(backend.requests.length, 0);
      });
    assert.equal((await ask(proxy.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).status, 200, 'still serving');
    assert.deepEqual(proxy.trouble, []);
  });

for (const engine of ENGINES)
  test(`${engine}: requests and answers that come byte by byte are the same requests and answers`, async () => {
    const answer =
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n';
    await using backend = await RawBackend.start(({ socket }) => {
      let at = 0;
      const next = (): void => {
        if (at >= answer.length) return;
        socket.write(answer.charAt(at++));
        setImmediate(next);
      };
      next();
    });
    await using proxy = await TestProxy.start([backend.port], { engine });
    const request = `\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nX-T: 1\r\n\r\n`;
    using client = await RawClient.open(proxy.port);
    for (const byte of request) {
      client.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const got = await client.answer();
    assert.equal(got.status, 200);
    assert.equal(got.body.toString(), 'hello');
    assert.equal(got.headers.get('x-a'), 'b');
    assert.equal(backend.requests[0]?.body, '5;x=y\r\nhello\r\n0\r\nX-T: 1\r\n\r\n');
    client.send('GET /second HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal((await client.answer()).status, 200, 'the connection goes on');
  });

for (const engine of ENGINES)
  test(`${engine}: a request cut in two at every byte is the same request`, async () => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    const request = 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';
    for (let cut = 1; cut < request.length; cut++) {
      using client = await RawClient.open(proxy.port);
      client.send(request.slice(0, cut));
      await new Promise((resolve) => setImmediate(resolve));
      client.send(request.slice(cut));
      assert.equal((await client.answer()).status, 200, `cut at ${cut}`);
      assert.equal(backend.requests.at(-1)?.body, 'hello');
    }
    assert.equal(backend.requests.length, request.length - 1);
  });

test('a connection of another protocol is closed without an answer in HTTP', async () => {
  await using backend = await RawBackend.start();
  await using proxy = await TestProxy.start([backend.port]);
  using client = await RawClient.open(proxy.port);
  client.send('HELO mail example\r\n\r\n');
  assert.deepEqual([(await client.rest()).bytes.length, backend.requests.length], [0, 0]);
});
