// HTTPS listeners as clients of other make see them: node:tls, and OpenSSL's own client where it is installed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect as connectHttp2 } from 'node:http2';
import type { ConnectionOptions } from 'node:tls';
import { TestCa } from '#native/tls/testbed/test-ca';
import { ok, raw, RawBackend } from '../testbed/raw-backend.ts';
import { eventually, rule } from '../testbed/test-proxy.ts';
import { askTls, readAll, TlsProxy } from './testbed/tls-proxy.ts';

const ca = TestCa.create();
const shop = ca.issue({ dns: ['shop.test'] });
const SNI = { servername: 'shop.test' };
const trusting: ConnectionOptions = { ca: ca.certificate, rejectUnauthorized: true, ...SNI };

const start = async (endpoints: readonly number[], limits = {}): Promise<TlsProxy> =>
  TlsProxy.start({ certificates: [shop], endpoints }, { limits });

/** The code of the error that a handshake ends with. */
async function refusal(proxy: TlsProxy, options: ConnectionOptions): Promise<string> {
  const error = await proxy.connect(options).then(
    (socket) => assert.fail(`connected by ${socket.getProtocol()}`),
    (reason: unknown) => reason,
  );
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

test('a request by TLS 1.3 and one by TLS 1.2', async () => {
  await using backend = await RawBackend.start(ok('hello'));
  await using proxy = await start([backend.port]);
  for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
    const answer = await askTls(proxy, 'shop.test', {
      ...trusting,
      minVersion: version,
      maxVersion: version,
    });
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*hello$/);
  }
  assert.equal(backend.requests[0]?.header('x-forwarded-proto'), 'https');
});

test('older versions, RSA key exchange and ciphers without authentication are refused', async () => {
  await using proxy = await start([]);
  const weak = { ...SNI, ciphers: 'ALL:@SECLEVEL=0' };
  for (const version of ['TLSv1', 'TLSv1.1'] as const)
    assert.equal(
      await refusal(proxy, { ...weak, minVersion: version, maxVersion: version }),
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    );
  const rsa = ca.issue({ dns: ['shop.test'], key: 'rsa' });
  await proxy.apply({ certificates: [rsa] });
  for (const ciphers of [
    'AES128-GCM-SHA256',
    'AES256-SHA',
    'ECDHE-RSA-AES128-SHA',
    'ECDHE-RSA-AES128-SHA256',
  ])
    assert.match(
      await refusal(proxy, { ...SNI, ciphers, maxVersion: 'TLSv1.2' }),
      /HANDSHAKE_FAILURE/,
      ciphers,
    );
  await using socket = await proxy.connect({ ...SNI, maxVersion: 'TLSv1.2' });
  assert.equal(socket.getCipher().name, 'ECDHE-RSA-AES128-GCM-SHA256');
});

test('P-256 is preferred, other groups are taken', async () => {
  await using proxy = await start([]);
  for (const [ecdhCurve, expected] of [
    ['P-384:P-256', 'P-384'],
    ['X25519', 'X25519'],
    ['P-521:P-256', 'P-256'],
  ] as const) {
    await using socket = await proxy.connect({ ...SNI, ecdhCurve });
    const key = socket.getEphemeralKeyInfo() as { name?: string };
    assert.equal(key.name?.replace('prime256v1', 'P-256').replace('secp384r1', 'P-384'), expected);
  }
  assert.match(await refusal(proxy, { ...SNI, ecdhCurve: 'P-521' }), /HANDSHAKE_FAILURE/);
});

test('renegotiation is refused, and the connection lives', async () => {
  await using backend = await RawBackend.start(ok('still here'));
  await using proxy = await start([backend.port]);
  await using socket = await proxy.connect({ ...SNI, maxVersion: 'TLSv1.2' });
  const refused = once(socket, 'error');
  socket.renegotiate({ rejectUnauthorized: false }, () => {});
  const [error] = (await refused) as [NodeJS.ErrnoException];
  assert.match(error.code ?? '', /NO_RENEGOTIATION|RENEGOTIAT/);
  assert.match(await askTls(proxy, 'shop.test'), /still here$/);
});

test('HTTP/1.1 or HTTP/2 by ALPN; neither: the handshake is refused', async () => {
  await using backend = await RawBackend.start(ok('hello'));
  await using proxy = await start([backend.port]);
  await using socket = await proxy.connect({ ...SNI, ALPNProtocols: ['http/1.1'] });
  assert.equal(socket.alpnProtocol, 'http/1.1');
  assert.match(await refusal(proxy, { ...SNI, ALPNProtocols: ['spdy/3'] }), /NO_APPLICATION_PROTOCOL/);
  const session = connectHttp2(`https://shop.test:${proxy.port}`, {
    createConnection: undefined,
    ca: ca.certificate,
    host: '127.0.0.1',
    servername: 'shop.test',
  } as never);
  const request = session.request({ ':path': '/', ':authority': 'shop.test' });
  let body = '';
  request.setEncoding('utf8').on('data', (part: string) => (body += part));
  const [headers] = (await once(request, 'response')) as [Record<string, unknown>];
  await once(request, 'end');
  session.close();
  assert.deepEqual([headers[':status'], body], [200, 'hello']);
  assert.equal(backend.requests.at(-1)?.header('x-forwarded-proto'), 'https');
});

test('large bodies both ways, byte for byte, in every size of read', async () => {
  const size = 3_000_000;
  const text = Buffer.alloc(size, 'abcdefghijklmnopqrstuvwxyz0123456789-').toString('latin1');
  await using backend = await RawBackend.start(({ body, socket }) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`, 'latin1');
  });
  await using proxy = await start([backend.port]);
  await using socket = await proxy.connect(trusting);
  socket.write(`POST / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`);
  socket.write(text, 'latin1');
  const answer = await readAll(socket);
  assert.equal(answer.slice(answer.indexOf('\r\n\r\n') + 4) === text, true);
});

test('a client that reads slowly stops the backend, and gets everything', async () => {
  const size = 32 << 20;
  await using backend = await RawBackend.start(({ socket }) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
    socket.write(Buffer.alloc(size, 'x'));
  });
  await using proxy = await start([backend.port]);
  await using socket = await proxy.connect(trusting);
  socket.write('GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n');
  await once(socket, 'readable');
  await eventually(() => (backend.sockets[0]?.writableLength ?? 0) > 0, 'the backend is held up');
  const held = backend.sockets[0]?.writableLength ?? 0;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.ok((backend.sockets[0]?.writableLength ?? 0) > held - (8 << 20), 'it stays held up');
  let received = 0;
  for await (const part of socket) received += (part as Buffer).length;
  assert.ok(received > size, `${received} bytes`);
});

test('the end of an answer is said; an answer that breaks off is not taken for whole', async () => {
  await using backend = await RawBackend.start(raw('HTTP/1.1 200 OK\r\n\r\nall of it', true));
  await using proxy = await start([backend.port]);
  await using whole = await proxy.connect(trusting);
  whole.write('GET / HTTP/1.0\r\nHost: shop.test\r\n\r\n');
  assert.match(await readAll(whole), /all of it$/);
  backend.respond = ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\nhalf of it');
    setTimeout(() => socket.resetAndDestroy(), 100);
  };
  const broken = await proxy.connect(trusting);
  broken.write('GET / HTTP/1.0\r\nHost: shop.test\r\n\r\n');
  await assert.rejects(readAll(broken), { code: 'ECONNRESET' });
});

test('a client that is cut off in the middle of its request is gone, not finished', async () => {
  await using backend = await RawBackend.start(ok('x'));
  await using proxy = await start([backend.port]);
  const heads: string[] = [];
  backend.onHead = (head) => heads.push(head);
  const socket = await proxy.connect(trusting);
  socket.write('POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
  await eventually(() => heads.length === 1, 'the request is on its way');
  socket.destroy();
  await eventually(() => backend.sockets[0]?.destroyed === true, 'the backend is told');
  assert.equal(backend.requests.length, 0);
});

test('redirects keep the scheme', async () => {
  const filters = [{ kind: 'redirect', status: 302, path: { kind: 'full', value: '/new' } }] as const;
  await using proxy = await TlsProxy.start({
    certificates: [shop],
    listeners: [['', {}, [rule({ filters: [...filters], backends: [] })]]],
  });
  assert.match(
    await askTls(proxy, 'shop.test'),
    new RegExp(`location: https://shop.test:${proxy.port}/new\r`, 'i'),
  );
});
