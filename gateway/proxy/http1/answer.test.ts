// Answers of every framing, to clients of both versions, and the order of things on one connection.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok, raw, RawBackend } from '../testbed/raw-backend.ts';
import { ask, RawClient } from '../testbed/raw-client.ts';
import { ENGINES, eventually, TestProxy } from '../testbed/test-proxy.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n';

for (const engine of ENGINES) {
  test(`${engine}: answers without a body end with their head, and the connection goes on`, async () => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    const cases = [
      ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n', 200],
      ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 200],
      ['GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', 204],
      ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n', 304],
      ['GET', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 200],
    ] as const;
    for (const [method, answer, status] of cases) {
      backend.respond = raw(answer);
      client.send(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
      const got = await client.answer({ headOnly: method === 'HEAD' });
      assert.equal(got.status, status);
      if (status === 204) assert.equal(got.headers.get('content-length'), undefined, 'RFC 9110 section 8.6');
      if (status === 304) assert.equal(got.headers.get('content-length'), '7');
    }
    assert.equal(backend.sockets.length, 1, 'one upstream connection for all');
  });

  test(`${engine}: chunks and trailers pass as they are`, async () => {
    await using backend = await RawBackend.start(raw(CHUNKED));
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    client.send(GET);
    await eventually(
      () => client.waiting.endsWith('\r\n\r\n') && client.waiting.includes('X-Sum'),
      'the whole answer',
    );
    assert.equal(client.waiting, CHUNKED);
  });

  test(`${engine}: an answer that ends with its connection reaches a 1.1 client in chunks`, async () => {
    await using backend = await RawBackend.start(raw('HTTP/1.0 200 OK\r\n\r\nhello', true));
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    for (let i = 0; i < 2; i++) {
      client.send(GET);
      const answer = await client.answer();
      assert.match(answer.head, /^HTTP\/1\.1 200 OK\r\n/);
      assert.equal(answer.headers.get('transfer-encoding'), 'chunked');
      assert.equal(answer.body.toString(), 'hello');
    }
    assert.equal(backend.sockets.length, 2);
  });

  test(`${engine}: HTTP/1.0 clients get no chunks, and keep their connection only when they ask and can`, async () => {
    await using backend = await RawBackend.start(raw(CHUNKED));
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    const answer = await client.answer();
    assert.equal(answer.headers.get('transfer-encoding'), undefined);
    assert.equal(answer.headers.get('connection'), 'close');
    assert.equal(answer.body.toString(), 'abcde');
    assert.ok(client.ended);

    backend.respond = ok('hi');
    using lasting = await RawClient.open(proxy.port);
    for (let i = 0; i < 2; i++) {
      lasting.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
      const { headers, body } = await lasting.answer();
      assert.equal(headers.get('connection'), 'keep-alive');
      assert.equal(body.toString(), 'hi');
    }
    lasting.send('GET / HTTP/1.0\r\n\r\n');
    assert.equal((await lasting.answer()).headers.get('connection'), 'close');
    await lasting.rest();
  });

  test(`${engine}: interim answers pass, not to HTTP/1.0; 101 unasked and floods do not`, async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x\r\n\r\n';
    await using backend = await RawBackend.start(
      raw(`${hints}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi`),
    );
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    client.send(GET);
    const interim = await client.answer();
    assert.deepEqual(
      [interim.status, interim.headers.get('link'), interim.headers.get('connection')],
      [103, '</a>', undefined],
    );
    assert.equal((await client.answer()).body.toString(), 'hi');
    assert.equal((await ask(proxy.port, 'GET / HTTP/1.0\r\n\r\n')).status, 200);
    backend.respond = raw('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n');
    assert.equal((await ask(proxy.port, GET)).status, 502);
    backend.respond = raw(`${hints.repeat(40)}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`);
    using flooded = await RawClient.open(proxy.port);
    flooded.send(GET);
    for (let i = 0; i < 32; i++) assert.equal((await flooded.answer()).status, 103);
    assert.equal((await flooded.answer()).status, 502);
  });

  test(`${engine}: Expect waits for the backend's word`, async () => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    backend.onHead = (_, socket) => void socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n';
    client.send(head);
    assert.equal((await client.answer()).status, 100);
    client.send('hello');
    assert.equal((await client.answer()).status, 200);
    assert.equal(backend.requests[0]?.body, 'hello');

    backend.onHead = (_, socket) => void socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n');
    client.send(head);
    const refused = await client.answer();
    assert.deepEqual([refused.status, refused.headers.get('connection')], [413, 'close']);
    await client.rest();
  });

  test(`${engine}: an answer before the request is complete reaches the client, then the connection ends`, async () => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    backend.onHead = (_, socket) =>
      void socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno');
    using client = await RawClient.open(proxy.port);
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n${'x'.repeat(100_000)}`);
    const answer = await client.answer();
    assert.deepEqual(
      [answer.status, answer.headers.get('connection'), answer.body.toString()],
      [401, 'close', 'no'],
    );
    client.send('x'.repeat(100_000));
    assert.deepEqual((await client.rest()).bytes.length, 0);
  });

  test(`${engine}: pipelined requests are answered in order, local answers among them`, async () => {
    await using backend = await RawBackend.start((request) => {
      // The first is the slowest: order must not come from speed.
      setTimeout(() => ok(request.head.split(' ')[1] ?? '')(request), request.head.includes('/0') ? 50 : 0);
    });
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    const requests = Array.from({ length: 30 }, (_, i) =>
      i % 3 === 1
        ? `POST /${i} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc`
        : `GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`,
    );
    client.send(
      `${requests.join('')}GET * HTTP/1.1\r\nHost: a\r\n\r\nGET /never HTTP/1.1\r\nHost: a\r\n\r\n`,
    );
    for (let i = 0; i < requests.length; i++) assert.equal((await client.answer()).body.toString(), `/${i}`);
    assert.equal((await client.answer()).status, 400);
    assert.equal((await client.rest()).bytes.length, 0);
    assert.equal(backend.requests.length, requests.length);
  });

  test(`${engine}: Connection: close ends the connection after its answer, also for half-closed clients`, async () => {
    await using backend = await RawBackend.start((request) => void setTimeout(() => ok('hi')(request), 20));
    await using proxy = await TestProxy.start([backend.port], { engine });
    using closing = await RawClient.open(proxy.port);
    closing.send(
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /ignored HTTP/1.1\r\nHost: a\r\n\r\n',
    );
    assert.equal((await closing.answer()).headers.get('connection'), 'close');
    assert.equal((await closing.rest()).bytes.length, 0);
    using half = await RawClient.open(proxy.port);
    half.send(`${GET}${GET}`);
    half.socket.end();
    assert.equal((await half.answer()).status, 200);
    assert.equal((await half.answer()).status, 200);
    assert.equal((await half.rest()).bytes.length, 0);
    assert.equal(backend.requests.length, 3);
  });

  test(`${engine}: bytes after an answer are never taken for the next one`, async () => {
    await using backend = await RawBackend.start();
    const poison =
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON';
    await using proxy = await TestProxy.start([backend.port], { engine });
    backend.respond = raw(poison);
    using client = await RawClient.open(proxy.port);
    client.send(GET);
    assert.equal((await client.answer()).body.toString(), 'hi');
    backend.respond = ok('next');
    client.send(GET);
    assert.equal((await client.answer()).body.toString(), 'next');
    // Also when they come later, on an idle connection.
    backend.respond = (request) => {
      ok('one')(request);
      setTimeout(() => request.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON'), 20);
    };
    client.send(GET);
    assert.equal((await client.answer()).body.toString(), 'one');
    await eventually(
      () => backend.sockets.filter((socket) => !socket.destroyed).length === 0,
      'the spoilt connection is closed',
    );
    backend.respond = ok('two');
    client.send(GET);
    assert.equal((await client.answer()).body.toString(), 'two');
  });

  test(`${engine}: answers that are not HTTP become 502`, async () => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    const bad = [
      '200 OK\r\n\r\n',
      '\x16\x03\x01garbage\r\n\r\n',
      'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: evil\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhi',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n',
      'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`,
    ];
    for (const text of bad) {
      backend.respond = raw(text);
      const answer = await ask(proxy.port, GET);
      assert.deepEqual(
        [answer.status, answer.headers.get('x-sluice-failure')],
        [502, 'UPSTREAM_PROTOCOL'],
        text,
      );
    }
  });
}
