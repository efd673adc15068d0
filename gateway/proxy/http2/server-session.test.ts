// Clients by HTTP/2 in front of backends by HTTP/1.1, node:http2 as the client: requests, answers, bodies, and how each ends.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { ok, raw, RawBackend } from '../testbed/raw-backend.ts';
import { ENGINES, eventually, TestProxy } from '../testbed/test-proxy.ts';
import { DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PREFACE, RST_STREAM, SETTINGS } from './frame.ts';
import { ask, open } from './testbed/ask.ts';
import { frame } from './testbed/frames.ts';
import { Http2Client, request } from './testbed/http2-client.ts';
import { RawClient } from '../testbed/raw-client.ts';

const LARGE = Buffer.alloc(5_000_000, 'abcdefghijklmnop');

for (const engine of ENGINES)
  test(`${engine}: requests and answers`, async (t) => {
    await using origin = await RawBackend.start();
    await using proxy = await TestProxy.start([origin.port], { engine });
    using session = open(proxy.port);
    const last = (): (typeof origin.requests)[number] => origin.requests.at(-1) ?? assert.fail('no request');

    await t.test('a request becomes one of HTTP/1.1, an answer one of HTTP/2', async () => {
      origin.respond = ok('hello', 'X-Answer: Yes\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n');
      const answer = await ask(session, { ':path': '/a?b=c', 'x-asked': 'yes', cookie: ['a=b', 'c=d'] });
      assert.deepEqual(
        [answer.status, String(answer.body), answer.headers['x-answer']],
        [200, 'hello', 'Yes'],
      );
      assert.equal(answer.headers['connection'], undefined);
      assert.equal(answer.headers['keep-alive'], undefined);
      assert.match(last().head, /^GET \/a\?b=c HTTP\/1\.1\r\n/);
      assert.equal(last().header('host'), `127.0.0.1:${proxy.port}`);
      assert.equal(last().header('x-asked'), 'yes');
      assert.equal(last().header('cookie'), 'a=b; c=d');
      assert.equal(last().header('x-forwarded-for'), '127.0.0.1');
    });

    await t.test('a body: with its length, in chunks when it has none', async () => {
      origin.respond = ok('got it');
      await ask(session, { ':method': 'POST', 'content-length': '5' }, 'hello');
      assert.deepEqual([last().body, last().header('content-length')], ['hello', '5']);
      await ask(session, { ':method': 'POST' }, 'hello');
      assert.equal(last().header('transfer-encoding'), 'chunked');
      assert.match(last().body, /^5\r\nhello\r\n0\r\n\r\n$/);
      await ask(session, { ':method': 'POST' });
      assert.deepEqual([last().body, last().header('content-length')], ['', '0']);
    });

    await t.test('large bodies both ways arrive whole', async () => {
      origin.respond = ({ socket, body }) =>
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`, 'latin1');
      const headers = { ':method': 'POST', 'content-length': String(LARGE.length) };
      const answers = await Promise.all([1, 2, 3].map(async () => await ask(session, headers, LARGE)));
      for (const { body } of answers) assert.ok(body.equals(LARGE));
    });

    await t.test('answers in chunks, until the end of the connection, and without a body', async () => {
      origin.respond = raw(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
      );
      const chunked = await ask(session, {});
      assert.deepEqual([String(chunked.body), chunked.headers['transfer-encoding']], ['abcde', undefined]);
      origin.respond = raw('HTTP/1.1 200 OK\r\n\r\nuntil the end', true);
      assert.equal(String((await ask(session, {})).body), 'until the end');
      origin.respond = raw('HTTP/1.1 204 No Content\r\n\r\n');
      assert.equal((await ask(session, {})).status, 204);
      origin.respond = raw('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n');
      assert.equal((await ask(session, {})).status, 304);
      origin.respond = raw('HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n');
      const head = await ask(session, { ':method': 'HEAD' });
      assert.deepEqual([head.headers['content-length'], head.body.length], ['7', 0]);
    });

    await t.test('trailers after the chunks', async () => {
      origin.respond = raw(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 6\r\nX-B: c\r\n\r\n',
      );
      const { body, trailers } = await ask(session, {});
      assert.deepEqual([String(body), trailers['x-sum'], trailers['x-b']], ['abc', '6', 'c']);
    });

    await t.test('interim answers come before the answer', async () => {
      origin.respond = raw(
        'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      );
      const answer = await ask(session, {});
      assert.deepEqual([answer.interim, answer.status], [[103], 200]);
    });

    await t.test(
      'an answer before the request is complete: all of it, then RST_STREAM(NO_ERROR)',
      async () => {
        using client = await Http2Client.open(proxy.port);
        origin.onHead = (_, socket) => socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
        client.send(request(1, END_HEADERS, '/', [':method', 'POST']), frame(DATA, 0, 1, 'some'));
        const reset = await client.until(({ type }) => type === RST_STREAM);
        origin.onHead = undefined;
        assert.equal(reset.payload.readUInt32BE(0), 0);
        assert.equal(client.received(1), 2);
        // What was under way is ignored, the connection goes on.
        origin.respond = ok('next');
        client.send(frame(DATA, END_STREAM, 1, 'more'), request(3, END_HEADERS | END_STREAM));
        await client.until(
          ({ type, stream, flags }) => type === DATA && stream === 3 && flags === END_STREAM,
        );
      },
    );

    await t.test('failures and redirects are answers of HTTP/2', async () => {
      origin.respond = raw('nonsense\r\n\r\n', true);
      const broken = await ask(session, {});
      assert.deepEqual([broken.status, broken.headers['x-sluice-failure']], [502, 'UPSTREAM_PROTOCOL']);
      const long = await ask(session, { 'x-long': 'x'.repeat(40_000) });
      assert.equal(long.status, 431);
      assert.equal((await ask(session, { ':path': '/%' })).status, 400);
      assert.equal((await ask(session, { ':method': 'CONNECT', ':authority': 'a:1' })).status, 501);
    });

    await t.test('an answer that breaks off is no complete one', async () => {
      origin.respond = raw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', true);
      await assert.rejects(ask(session, {}));
    });

    await t.test('one connection of many requests at once', async () => {
      origin.respond = ({ socket, head }) => {
        const path = /^GET (\S+)/.exec(head)?.[1] ?? '';
        setTimeout(
          () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`),
          Number(path.slice(1)) % 7,
        );
      };
      const paths = Array.from({ length: 100 }, (_, i) => `/${i}`);
      const answers = await Promise.all(paths.map(async (path) => await ask(session, { ':path': path })));
      assert.deepEqual(
        answers.map(({ body }) => String(body)),
        paths,
      );
    });
    assert.deepEqual(proxy.trouble, []);
  });

test('a body that is not as long as it says is an error of its stream', async (t) => {
  await using origin = await RawBackend.start();
  await using proxy = await TestProxy.start([origin.port]);
  for (const [name, length, ...sent] of [
    ['shorter', '9', frame(DATA, END_STREAM, 1, 'four')],
    ['longer', '3', frame(DATA, END_STREAM, 1, 'four')],
    ['longer, in two', '5', frame(DATA, 0, 1, 'four'), frame(DATA, 0, 1, 'four')],
    ['none', '5', frame(DATA, END_STREAM, 1)],
  ] as const)
    await t.test(name, async () => {
      using client = await Http2Client.open(proxy.port);
      const more = [[':method', 'POST'] as const, ['content-length', length] as const];
      client.send(request(1, END_HEADERS, '/', ...more), ...sent);
      const reset = await client.until(({ type }) => type === RST_STREAM);
      assert.equal(reset.payload.readUInt32BE(0), 1);
    });
  assert.equal(origin.requests.length, 0);
});

test('the preface may come in pieces; what only resembles it is HTTP/1.1', async () => {
  await using origin = await RawBackend.start(ok('ok'));
  await using proxy = await TestProxy.start([origin.port]);
  using client = await RawClient.open(proxy.port);
  for (const byte of PREFACE) {
    client.send(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  client.send(frame(SETTINGS, 0, 0));
  await eventually(() => client.waiting.length > 9, 'SETTINGS');
  assert.equal(client.waiting.charCodeAt(3), SETTINGS);
  using other = await RawClient.open(proxy.port);
  other.send('PR');
  await new Promise((resolve) => setTimeout(resolve, 50));
  other.send('OPFIND / HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal((await other.answer()).status, 200);
});

test('more requests at once than allowed are refused, and only those', async () => {
  await using origin = await RawBackend.start(() => undefined);
  await using proxy = await TestProxy.start([origin.port], { limits: { maxStreams: 2 } });
  using client = await Http2Client.open(proxy.port);
  for (const id of [1, 3, 5]) client.send(request(id, END_HEADERS | END_STREAM));
  const reset = await client.until(({ type }) => type === RST_STREAM);
  assert.deepEqual([reset.stream, reset.payload.readUInt32BE(0)], [5, 7]);
  await eventually(() => origin.requests.length === 2, 'both requests');
  for (const one of origin.requests) ok('ok')(one);
  await client.until(({ type, stream }) => type === HEADERS && stream === 3);
});

test('draining: GOAWAY for what may still come, then for what has come; requests in flight are answered', async () => {
  await using origin = await RawBackend.start(() => undefined);
  await using proxy = await TestProxy.start([origin.port]);
  using client = await Http2Client.open(proxy.port);
  client.send(request(1, END_HEADERS | END_STREAM));
  await eventually(() => origin.requests.length === 1, 'the request');
  const drained = proxy.proxy.drain(10_000);
  const first = await client.until(({ type }) => type === GOAWAY);
  assert.deepEqual([first.payload.readUInt32BE(0), first.payload.readUInt32BE(4)], [0x7fff_ffff, 0]);
  // On its way when the first GOAWAY was sent.
  client.send(request(3, END_HEADERS | END_STREAM));
  await eventually(() => origin.requests.length === 2, 'the second request');
  await eventually(
    () => client.frames.filter(({ type }) => type === GOAWAY).length === 2,
    'the second GOAWAY',
  );
  const second = client.frames.filter(({ type }) => type === GOAWAY)[1];
  assert.equal(second?.payload.readUInt32BE(0), 3);
  for (const one of origin.requests) ok('ok')(one);
  await client.until(({ type, stream }) => type === HEADERS && stream === 1);
  await client.until(({ type, stream }) => type === HEADERS && stream === 3);
  await client.end();
  client.socket.end();
  await drained;
});

test('ten thousand streams one after the other', async () => {
  await using origin = await RawBackend.start(ok('ok'));
  await using proxy = await TestProxy.start([origin.port]);
  using session = open(proxy.port);
  for (let round = 0; round < 100; round++)
    await Promise.all(Array.from({ length: 100 }, async () => await ask(session, {})));
  assert.equal(origin.requests.length, 10_000);
  session.close();
  await once(session, 'close');
});
