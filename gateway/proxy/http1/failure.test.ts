// Either end going away, at every moment, and time running out: the other end is told the truth, and nothing is left behind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILURE_INDEX } from '../../observe/recorder-layout.ts';
import type { FailureCode } from '../../model/failure.ts';
import { ok, raw, RawBackend } from '../testbed/raw-backend.ts';
import { ask, RawClient } from '../testbed/raw-client.ts';
import { CLUSTER, ENGINES, eventually, freePort, rule, TestProxy } from '../testbed/test-proxy.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';

function counted({ proxy }: TestProxy, code: FailureCode): number {
  return proxy.recorders.reduce(
    (sum, { counts, layout }) => sum + (counts[layout.failures + FAILURE_INDEX[code]] ?? 0),
    0,
  );
}

async function failure(port: number, request: string): Promise<string> {
  const { status, headers } = await ask(port, request);
  return `${status} ${headers.get('x-sluice-failure')}`;
}

for (const engine of ENGINES) {
  test(`${engine}: a backend that dies in the middle of its answer never makes a complete one`, async (t) => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    const broken = {
      length: 'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhi',
      'within a chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe',
      'before the last chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n',
      'within the trailers': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n',
      'bad chunk later': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n',
    };
    for (const [name, text] of Object.entries(broken))
      await t.test(name, async () => {
        backend.respond = ({ socket }) => {
          socket.write(text);
          setTimeout(() => (name === 'bad chunk later' ? socket.write('zz\r\n') : socket.destroy()), 30);
        };
        using client = await RawClient.open(proxy.port);
        client.send(GET);
        await assert.rejects(client.answer(), /the connection ended before/);
        using old = await RawClient.open(proxy.port);
        old.send('GET / HTTP/1.0\r\n\r\n');
        const { bytes, reset } = await old.rest();
        assert.ok(
          reset || bytes.includes('content-length: 50') || bytes.includes('Content-Length: 50'),
          bytes.toString(),
        );
      });
    assert.equal(counted(proxy, 'UPSTREAM_TRUNCATED') + counted(proxy, 'UPSTREAM_PROTOCOL'), 10);
  });

  test(`${engine}: an answer without length that is reset is not presented complete`, async () => {
    await using backend = await RawBackend.start(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nhalf');
      setTimeout(() => socket.resetAndDestroy(), 30);
    });
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    client.send(GET);
    await assert.rejects(client.answer(), /the connection ended before/);
    using old = await RawClient.open(proxy.port);
    old.send('GET / HTTP/1.0\r\n\r\n');
    assert.ok((await old.rest()).reset);
  });

  test(`${engine}: a backend that closes before its answer is 502, and the client's connection goes on`, async () => {
    await using backend = await RawBackend.start(({ socket }) => void socket.destroy());
    await using proxy = await TestProxy.start([backend.port], { engine });
    using client = await RawClient.open(proxy.port);
    client.send(GET);
    assert.equal((await client.answer()).headers.get('x-sluice-failure'), 'UPSTREAM_RESET');
    backend.respond = raw('HTTP/1.1 200 OK\r\nContent-Le', true);
    client.send(GET);
    assert.equal((await client.answer()).status, 502);
    backend.respond = ok('well');
    client.send(GET);
    assert.equal((await client.answer()).body.toString(), 'well');
    assert.equal(backend.requests.length, 3, 'fresh connections are not retried');
  });

  test(`${engine}: a reused connection that proves dead is replaced, for requests that may be sent twice`, async () => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    const dieOnce = ({ socket }: { socket: { destroy(): void } }): void => {
      backend.respond = ok('again');
      socket.destroy();
    };
    for (const request of [
      GET,
      'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
      `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n${'x'.repeat(9000)}`,
    ]) {
      backend.respond = ok('first');
      assert.equal((await ask(proxy.port, GET)).body.toString(), 'first');
      backend.respond = dieOnce;
      assert.equal((await ask(proxy.port, request)).body.toString(), 'again');
      const [dead, fresh] = backend.requests.slice(-2);
      assert.equal(dead?.body, fresh?.body);
      assert.notEqual(dead?.connection, fresh?.connection);
    }
    backend.respond = ok('first');
    await ask(proxy.port, GET);
    backend.respond = dieOnce;
    assert.equal(await failure(proxy.port, POST), '502 UPSTREAM_RESET', 'POST is not sent twice');
  });

  test(`${engine}: idle connections that the backend closes are not used any more`, async () => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    for (let i = 0; i < 5; i++) {
      assert.equal((await ask(proxy.port, POST)).status, 200);
      backend.sockets.at(-1)?.end();
      await eventually(() => backend.sockets.at(-1)?.destroyed === true, 'both ends closed');
    }
    assert.equal(backend.sockets.length, 5);
  });

  test(`${engine}: an endpoint that refuses is passed over; all refusing is 503`, async () => {
    await using backend = await RawBackend.start();
    const [deadA, deadB] = [await freePort(), await freePort()];
    await using proxy = await TestProxy.start([deadA, backend.port, deadB], { engine });
    for (let i = 0; i < 6; i++) assert.equal((await ask(proxy.port, POST)).status, 200);
    await proxy.apply([deadA, deadB]);
    assert.equal(await failure(proxy.port, GET), '503 CONNECT_FAILED');
    await proxy.apply([]);
    assert.equal(await failure(proxy.port, GET), '503 NO_ENDPOINT');
    await proxy.apply([backend.port], []);
    assert.equal(await failure(proxy.port, GET), '404 NO_ROUTE');
    await proxy.apply([backend.port], [rule({ backends: [{ weight: 0, cluster: CLUSTER, filters: [] }] })]);
    assert.equal(await failure(proxy.port, GET), '500 NO_BACKEND');
  });

  test(`${engine}: at the limit of connections to an endpoint there is 503, and room again later`, async () => {
    await using backend = await RawBackend.start(() => undefined);
    await using proxy = await TestProxy.start([backend.port], { engine, limits: { maxConnections: 2 } });
    using first = await RawClient.open(proxy.port);
    using second = await RawClient.open(proxy.port);
    first.send(GET);
    second.send(GET);
    await eventually(() => backend.requests.length === 2, 'two requests');
    assert.equal(await failure(proxy.port, GET), '503 POOL_FULL');
    for (const request of backend.requests) ok('late')(request);
    assert.equal((await first.answer()).status, 200);
    assert.equal((await second.answer()).status, 200);
    backend.respond = ok('room');
    assert.equal((await ask(proxy.port, GET)).body.toString(), 'room');
  });

  test(`${engine}: a client that goes away takes its upstream connection with it`, async () => {
    await using backend = await RawBackend.start(() => undefined);
    await using proxy = await TestProxy.start([backend.port], { engine });
    for (const request of [
      GET,
      POST.slice(0, -2),
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe',
    ]) {
      const client = await RawClient.open(proxy.port);
      const before = backend.sockets.length;
      client.send(request);
      await eventually(() => backend.sockets.length > before, 'the request arrives');
      await new Promise((resolve) => setTimeout(resolve, 20));
      client.socket.resetAndDestroy();
      await eventually(
        () => backend.sockets.at(-1)?.destroyed === true,
        `closed after ${JSON.stringify(request)}`,
      );
    }
    // A body that ends early by FIN must not reach the backend as a complete request.
    const half = await RawClient.open(proxy.port);
    half.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello');
    half.socket.end();
    await half.rest();
    assert.equal(backend.requests.length, 1);
    await eventually(() => counted(proxy, 'CLIENT_GONE') === 4, 'all four are counted');
  });

  test(`${engine}: time runs out for heads, bodies, answers and idle connections`, async () => {
    await using backend = await RawBackend.start(() => undefined);
    const limits = { headTimeout: 200, idleTimeout: 400, responseTimeout: 300 };
    await using proxy = await TestProxy.start([backend.port], { engine, limits });
    using silent = await RawClient.open(proxy.port);
    using slowHead = await RawClient.open(proxy.port);
    slowHead.send('GET / HTTP/1.1\r\nHost: a\r\nX');
    using slowBody = await RawClient.open(proxy.port);
    slowBody.send(POST.slice(0, -2));
    using unanswered = await RawClient.open(proxy.port);
    unanswered.send(GET);
    const codes = await Promise.all(
      [slowHead, slowBody, unanswered].map(async (client) => {
        const answer = await client.answer();
        return `${answer.status} ${answer.headers.get('x-sluice-failure')}`;
      }),
    );
    assert.deepEqual(codes, ['408 HEAD_TIMEOUT', '408 BODY_TIMEOUT', '504 UPSTREAM_TIMEOUT']);
    assert.deepEqual([...(await silent.rest()).bytes], []);
    assert.deepEqual([...(await unanswered.rest()).bytes], [], 'closed when idle again');
    backend.respond = raw('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
    using stalled = await RawClient.open(proxy.port);
    stalled.send(GET);
    await assert.rejects(stalled.answer(), /the connection ended before/);
  });

  test(`${engine}: one client more than allowed is told so`, async () => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine, limits: { maxClients: 2 } });
    using first = await RawClient.open(proxy.port);
    first.send(GET);
    assert.equal((await first.answer()).status, 200);
    const second = await RawClient.open(proxy.port);
    second.send(GET);
    assert.equal((await second.answer()).status, 200);
    using third = await RawClient.open(proxy.port);
    assert.equal((await third.answer()).headers.get('x-sluice-failure'), 'OVERLOADED');
    second.close();
    let status = 503;
    for (const deadline = Date.now() + 3000; status !== 200 && Date.now() < deadline;)
      // As many as are served may be told at a time; one beyond that is reset, which is no room either.
      status = await ask(proxy.port, GET).then(
        (answer) => answer.status,
        () => 503,
      );
    assert.equal(status, 200, 'room for one more');
  });
}
