// Endpoints by HTTP/2, node:http2 as the backend: one connection for many requests, and what becomes of requests that the
// endpoint does not take up.
import assert from 'node:assert/strict';
import { constants, type ServerHttp2Session } from 'node:http2';
import { test } from 'node:test';
import { ask as askHttp1 } from '../testbed/raw-client.ts';
import { ENGINES, eventually, TestProxy, type TestProxyOptions } from '../testbed/test-proxy.ts';
import { ask, Http2Backend, http2Snapshot, open, type Serve } from './testbed/ask.ts';

const LARGE = Buffer.alloc(3_000_000, '0123456789abcdef');

/** Answers with the request's body, in pieces as it comes. */
const echo: Serve = (stream, headers) => {
  stream.respond({ ':status': 200, 'x-te': String(headers['te']), 'x-scheme': String(headers[':scheme']) });
  stream.pipe(stream);
};

async function start(backends: readonly Http2Backend[], options: TestProxyOptions = {}): Promise<TestProxy> {
  const proxy = await TestProxy.start([], options);
  const snapshot = http2Snapshot(
    proxy.port,
    backends.map(({ port }) => port),
    2,
  );
  await proxy.proxy.apply(snapshot);
  return proxy;
}

for (const engine of ENGINES)
  test(`${engine}: requests to an HTTP/2 endpoint`, async (t) => {
    await using backend = await Http2Backend.start(echo);
    await using proxy = await start([backend], { engine });
    using session = open(proxy.port);

    await t.test('many at once on one connection, their bodies whole', async () => {
      const bodies = Array.from({ length: 20 }, (_, i) => Buffer.alloc(100_000 + i, String(i)));
      const answers = await Promise.all(
        bodies.map(async (body) => await ask(session, { ':method': 'POST' }, body)),
      );
      for (const [i, { body }] of answers.entries()) assert.ok(body.equals(bodies[i] ?? Buffer.alloc(0)));
      const whole = await ask(session, { ':method': 'POST', 'content-length': LARGE.length }, LARGE);
      assert.ok(whole.body.equals(LARGE));
      assert.deepEqual([whole.headers['x-te'], whole.headers['x-scheme']], ['trailers', 'http']);
      assert.equal(backend.sessions, 1);
    });

    await t.test('trailers both ways', async () => {
      backend.serve = (stream) => {
        stream.on('trailers', (sent) => {
          stream.respond({ ':status': 200 }, { waitForTrailers: true });
          stream.on('wantTrailers', () => stream.sendTrailers({ 'x-got': String(sent['x-sent']) }));
          stream.end('body');
        });
        stream.resume();
      };
      const answer = await ask(session, { ':method': 'POST' }, 'x', { 'x-sent': 'yes' });
      assert.deepEqual([String(answer.body), answer.trailers['x-got']], ['body', 'yes']);
    });

    await t.test('a client of HTTP/1.1', async () => {
      backend.serve = echo;
      const known = await askHttp1(
        proxy.port,
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
      );
      assert.equal(String(known.body), 'hello');
      const chunked =
        'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3;x=y\r\ncde\r\n0\r\n\r\n';
      assert.equal(String((await askHttp1(proxy.port, chunked)).body), 'abcde');
      backend.serve = (stream) => {
        stream.additionalHeaders({ ':status': 103, link: '</a>' });
        stream.respond({ ':status': 200, 'content-length': 2 });
        stream.end('ok');
      };
      const early = await askHttp1(proxy.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      assert.equal(early.status, 103);
    });

    await t.test('answers without a body', async () => {
      backend.serve = (stream) => {
        stream.respond({ ':status': 204 });
        stream.end();
      };
      assert.equal((await ask(session, {})).status, 204);
      backend.serve = (stream) => {
        stream.respond({ ':status': 200, 'content-length': 7 });
        stream.end();
      };
      assert.equal((await ask(session, { ':method': 'HEAD' })).headers['content-length'], '7');
    });

    await t.test('an answer that is reset is no complete one', async () => {
      backend.serve = (stream) => {
        stream.respond({ ':status': 200 });
        stream.write('half');
        setTimeout(() => stream.destroy(new Error('on purpose')), 20);
      };
      await assert.rejects(ask(session, {}));
      backend.serve = (stream) => stream.destroy(new Error('on purpose'));
      const none = await ask(session, {});
      assert.deepEqual([none.status, none.headers['x-sluice-failure']], [502, 'UPSTREAM_RESET']);
    });

    await t.test('a client that goes away cancels its request', async () => {
      let code = 0;
      backend.serve = (stream) => stream.on('close', () => (code = stream.rstCode ?? 0));
      const stream = session.request({ ':method': 'POST' });
      stream.on('error', () => undefined);
      stream.write('x');
      await new Promise((resolve) => setTimeout(resolve, 50));
      stream.close(constants.NGHTTP2_CANCEL);
      await eventually(() => code === constants.NGHTTP2_CANCEL, 'CANCEL at the backend');
    });
    assert.equal(backend.sessions, 1);
    assert.deepEqual(proxy.trouble, []);
  });

test('a request that was refused is sent once more, with its body, to another endpoint', async () => {
  const refuse: Serve = (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM);
  await using refusing = await Http2Backend.start(refuse);
  await using other = await Http2Backend.start(echo);
  await using proxy = await start([refusing, other]);
  using session = open(proxy.port);
  for (let i = 0; i < 4; i++) {
    const answer = await ask(session, { ':method': 'POST' }, `body ${i}`);
    assert.deepEqual([answer.status, String(answer.body)], [200, `body ${i}`]);
  }
});

test('after GOAWAY requests go to a new connection, and those that were not taken up are sent again', async () => {
  await using backend = await Http2Backend.start(echo);
  await using proxy = await start([backend]);
  using session = open(proxy.port);
  const sessions: ServerHttp2Session[] = [];
  backend.server.on('session', (one) => sessions.push(one));
  await ask(session, { ':method': 'POST' }, 'first');
  let seen = 0;
  backend.serve = (stream, headers) => {
    // The first of these two streams is the last that is taken up.
    if (++seen === 1) sessions[0]?.goaway(0, stream.id);
    else if (sessions.length === 1) return;
    echo(stream, headers);
  };
  const answers = await Promise.all([
    ask(session, { ':method': 'POST' }, 'second'),
    ask(session, { ':method': 'POST' }, 'third'),
  ]);
  assert.deepEqual(
    answers.map(({ body }) => String(body)),
    ['second', 'third'],
  );
  await eventually(() => sessions.length === 2, 'a new connection');
});

test('beyond the streams that the endpoint allows another connection is opened', async () => {
  const waiting: Parameters<Serve>[] = [];
  await using backend = await Http2Backend.start((...one) => waiting.push(one), 4);
  await using proxy = await start([backend]);
  using session = open(proxy.port);
  const first = ask(session, {});
  await eventually(() => waiting.length === 1, 'the first request');
  const rest = Array.from({ length: 9 }, async () => await ask(session, {}));
  await eventually(() => waiting.length === 10, 'all requests');
  assert.equal(backend.sessions, 3);
  for (const [stream, headers] of waiting) echo(stream, headers);
  await Promise.all([first, ...rest]);
});

test('an endpoint that refuses the connection is passed over, requests that waited for it too', async () => {
  await using gone = await Http2Backend.start(echo);
  await using backend = await Http2Backend.start(echo);
  await using proxy = await start([gone, backend]);
  gone.server.close();
  using session = open(proxy.port);
  const answers = await Promise.all(
    Array.from({ length: 10 }, async (_, i) => await ask(session, { ':method': 'POST' }, String(i))),
  );
  assert.deepEqual(
    answers.map(({ body }) => String(body)),
    Array.from({ length: 10 }, (_, i) => String(i)),
  );
});

test('nobody listens: 503', async () => {
  await using gone = await Http2Backend.start(echo);
  await using proxy = await start([gone]);
  gone.server.close();
  using session = open(proxy.port);
  const { status, headers } = await ask(session, {});
  assert.deepEqual([status, headers['x-sluice-failure']], [503, 'CONNECT_FAILED']);
});
