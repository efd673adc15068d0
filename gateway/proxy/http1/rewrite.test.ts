// What the proxy changes in a message on its way, seen from the other end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok, raw, RawBackend, type ReceivedRequest } from '../testbed/raw-backend.ts';
import { ask } from '../testbed/raw-client.ts';
import { ENGINES, rule, TestProxy } from '../testbed/test-proxy.ts';

for (const engine of ENGINES)
  test(`${engine}: requests on their way to the backend`, async (t) => {
    await using backend = await RawBackend.start();
    await using proxy = await TestProxy.start([backend.port], { engine });
    const forwarded = async (request: string): Promise<ReceivedRequest> => {
      assert.equal((await ask(proxy.port, request)).status, 200);
      return backend.requests.at(-1) ?? assert.fail('nothing came');
    };

    await t.test('bring what the client sent, in its order and writing, and our three lines', async () => {
      const { head } = await forwarded(
        'GET /a?b HTTP/1.1\r\nhOsT: A:80\r\nX-B: 1\r\nx-a:  2 \r\nX-b: 3\r\n\r\n',
      );
      assert.match(
        head,
        /^GET \/a\?b HTTP\/1\.1\r\nhOsT: A:80\r\nX-B: 1\r\nx-a: {2}2 \r\nX-b: 3\r\nx-forwarded-for: 127\.0\.0\.1\r\nx-forwarded-proto: http\r\nx-request-id: [0-9a-f]{32}\r\n\r\n$/,
      );
    });

    await t.test('bring no hop-by-hop fields', async () => {
      const { head } = await forwarded(
        'GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Secret, Upgrade\r\nX-Secret: leak\r\nKeep-Alive: leak\r\n' +
          'Proxy-Connection: leak\r\nTE: leak\r\nUpgrade: leak\r\nProxy-Authorization: leak\r\nX-Kept: 1\r\n\r\n',
      );
      assert.doesNotMatch(head, /leak|^connection/im);
      assert.match(head, /^X-Kept: 1\r$/m);
    });

    await t.test('cannot make the proxy drop Host or framing', async () => {
      const request = await forwarded(
        'POST / HTTP/1.1\r\nHost: a\r\nConnection: Host, Content-Length, close\r\nContent-Length: 5\r\n\r\nhello',
      );
      assert.equal(request.header('host'), 'a');
      assert.equal(request.body, 'hello');
    });

    await t.test('append to X-Forwarded-For, keep X-Request-Id, replace X-Forwarded-Proto', async () => {
      const request = await forwarded(
        'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\nx-forwarded-for: 2.2.2.2\r\n' +
          'X-Forwarded-Proto: https\r\nX-Request-Id: mine\r\n\r\n',
      );
      assert.deepEqual(request.head.match(/^x-forwarded-for:.*$/gim), [
        'X-Forwarded-For: 1.1.1.1',
        'x-forwarded-for: 2.2.2.2, 127.0.0.1',
      ]);
      assert.deepEqual(request.head.match(/^x-forwarded-proto:.*$/gim), ['x-forwarded-proto: http']);
      assert.deepEqual(request.head.match(/^x-request-id:.*$/gim), ['X-Request-Id: mine']);
    });

    await t.test('have the path that was matched, and the host of an absolute target', async () => {
      const request = await forwarded('GET http://B:81/x/..//%61?q=%61 HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n');
      assert.match(request.head, /^GET \/a\?q=%61 HTTP\/1\.1\r\nHost: B:81\r\nX: y\r\n/);
      assert.equal(request.head.match(/^host:/gim)?.length, 1);
    });

    await t.test('are HTTP/1.1 whatever the client speaks, with a Host', async () => {
      const { head } = await forwarded('GET /old HTTP/1.0\r\n\r\n');
      assert.match(head, new RegExp(`^GET /old HTTP/1\\.1\r\nHost: 127\\.0\\.0\\.1:${backend.port}\r\n`));
    });

    await t.test('ids differ', async () => {
      const ids = new Set<string | undefined>();
      for (let i = 0; i < 20; i++)
        ids.add((await forwarded('GET / HTTP/1.1\r\nHost: a\r\n\r\n')).header('x-request-id'));
      assert.equal(ids.size, 20);
    });

    await t.test('large heads and bodies arrive whole', async () => {
      const cookie = 'c'.repeat(20_000);
      const body = 'b'.repeat(30_000);
      const request = await forwarded(
        `PUT / HTTP/1.1\r\nHost: a\r\nCookie: ${cookie}\r\nConnection: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      assert.equal(request.header('cookie'), cookie);
      assert.equal(request.body, body);
    });
  });

for (const engine of ENGINES)
  test(`${engine}: answers on their way to the client bring no hop-by-hop fields`, async () => {
    await using backend = await RawBackend.start(
      ok(
        'hi',
        'Connection: keep-alive, X-Secret\r\nKeep-Alive: timeout=5\r\nX-Secret: leak\r\nProxy-Authenticate: leak\r\nUpgrade: h2c\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n',
      ),
    );
    await using proxy = await TestProxy.start([backend.port], { engine });
    const { head, body } = await ask(proxy.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal(head, 'HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\n');
    assert.equal(body.toString(), 'hi');
  });

for (const engine of ENGINES)
  test(`${engine}: filters of the route have the last word`, async () => {
    await using backend = await RawBackend.start(
      raw('HTTP/1.1 200 OK\r\nServer: secret\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nhi'),
    );
    const filters = [
      {
        kind: 'request-headers',
        set: [
          { name: 'X-Set', value: 's' },
          { name: 'X-Request-Id', value: 'ours' },
        ],
        add: [{ name: 'X-Add', value: 'a' }],
        remove: ['x-gone'],
      },
      { kind: 'response-headers', set: [], add: [{ name: 'X-B', value: '2' }], remove: ['server'] },
      { kind: 'rewrite', hostname: 'inner', path: { kind: 'prefix', match: '/v1', value: '/v2' } },
    ] as const;
    await using proxy = await TestProxy.start([backend.port], { engine, rules: [rule({ filters })] });
    const answer = await ask(
      proxy.port,
      'GET /v1/x?q HTTP/1.1\r\nHost: a\r\nX-Set: old\r\nX-Gone: 1\r\nX-Add: 0\r\n\r\n',
    );
    const { head } = backend.requests[0] ?? assert.fail('nothing came');
    assert.match(head, /^GET \/v2\/x\?q HTTP\/1\.1\r\nHost: inner\r\n/);
    assert.deepEqual(head.match(/^x-(set|gone|add|request-id):.*$/gim), [
      'X-Add: 0',
      'X-Set: s',
      'X-Request-Id: ours',
      'X-Add: a',
    ]);
    assert.equal(answer.head, 'HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 2\r\nX-B: 2\r\n\r\n');
  });

for (const engine of ENGINES)
  test(`${engine}: redirects are answered here, and the connection goes on`, async () => {
    await using backend = await RawBackend.start();
    const redirect = rule({
      matches: [{ path: { kind: 'prefix', value: '/old' }, headers: [], query: [] }],
      filters: [{ kind: 'redirect', status: 301, path: { kind: 'prefix', match: '/old', value: '/new' } }],
      backends: [],
    });
    await using proxy = await TestProxy.start([backend.port], {
      engine,
      rules: [redirect, rule({ index: 1 })],
    });
    const { status, headers } = await ask(proxy.port, 'GET /old/x?y HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal(status, 301);
    assert.equal(headers.get('location'), `http://a:${proxy.port}/new/x?y`);
    assert.equal(headers.get('connection'), undefined);
    assert.equal(backend.requests.length, 0);
  });

for (const engine of ENGINES)
  test(`${engine}: routes see method, headers and query`, async () => {
    await using backend = await RawBackend.start(({ socket, head }) =>
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\nX-Path: ${head.split(' ')[1]}\r\n\r\nx`),
    );
    const special = rule({
      matches: [
        {
          path: { kind: 'prefix', value: '/' },
          method: 'PUT',
          headers: [{ kind: 'exact', name: 'x-a', value: '1,2' }],
          query: [{ kind: 'exact', name: 'q', value: 'a b' }],
        },
      ],
      backends: [{ weight: 1, failure: 'BACKEND_NOT_FOUND', filters: [] }],
    });
    await using proxy = await TestProxy.start([backend.port], {
      engine,
      rules: [special, rule({ index: 1 })],
    });
    const put = (lines: string, query: string): Promise<number> =>
      ask(proxy.port, `PUT /p?${query} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`).then(({ status }) => status);
    assert.equal(await put('X-A: 1\r\nx-a: 2\r\n', 'q=a+b'), 500);
    assert.equal(await put('X-A: 1\r\n', 'q=a+b'), 200);
    assert.equal(
      await put('X-A: 1\r\nX-A: 2\r\nConnection: x-a\r\n', 'q=a+b'),
      200,
      'a field that ends here is not matched by',
    );
    assert.equal(await put('X-A: 1\r\nx-a: 2\r\n', 'q=b'), 200);
  });
