// What comes to an HTTPS port before there is a connection: names, known and unknown, garbage, silence.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectHttp2 } from 'node:http2';
import { test } from 'node:test';
import { TestCa } from '#native/tls/testbed/test-ca';
import { FAILURE_INDEX } from '../../observe/recorder-layout.ts';
import { ok, RawBackend } from '../testbed/raw-backend.ts';
import { eventually } from '../testbed/test-proxy.ts';
import { helloMessage, records, vector, type HelloParts } from './testbed/hello-bytes.ts';
import { askTls, readAll, TlsProxy } from './testbed/tls-proxy.ts';

const GARBAGE = 5000;
const AT_A_TIME = 250;

const ca = TestCa.create();
const shop = ca.issue({ dns: ['shop.test', '*.shop.test'] });
const wiki = ca.issue({ dns: ['wiki.test'] });
const both = {
  certificates: [shop, wiki],
  listeners: [
    ['shop.test', { certificates: [shop.name] }],
    ['*.shop.test', { certificates: [shop.name] }],
    ['wiki.test', { certificates: [wiki.name] }],
  ],
} as const;

/** All that the proxy says to these bytes, until it closes. */
async function say(port: number, ...parts: readonly Buffer[]): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1' });
  const said: Buffer[] = [];
  socket.on('data', (part: Buffer) => said.push(part));
  socket.on('error', () => {});
  for (const part of parts) {
    socket.write(part);
    if (parts.length > 1) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(said);
}

const hello = (parts: HelloParts): Buffer => records(helloMessage(parts));
const alert = (description: number): Buffer => Buffer.of(21, 3, 3, 0, 2, 2, description);
const descriptors = (): number => readdirSync('/proc/self/fd').length;
const failures = (proxy: TlsProxy): number =>
  proxy.proxy.recorders.reduce(
    (sum, recorder) => sum + recorder.counts[recorder.layout.failures + FAILURE_INDEX['TLS_HANDSHAKE']]!,
    0,
  );

test('the Listener and its certificate are chosen by the server name, most specific first', async () => {
  await using backend = await RawBackend.start(ok('hello'));
  await using proxy = await TlsProxy.start({ ...both, endpoints: [backend.port] });
  for (const [servername, subject] of [
    ['shop.test', 'shop.test'],
    ['a.shop.test', 'shop.test'],
    ['WIKI.test', 'wiki.test'],
  ] as const) {
    const options = { servername, ca: ca.certificate, rejectUnauthorized: true };
    const socket = await proxy.connect(options);
    assert.equal(socket.getPeerCertificate().subject.CN, subject);
    socket.destroy();
    assert.match(await askTls(proxy, servername.toLowerCase(), options), /hello$/);
  }
});

test('a request for a host of another Listener is misdirected, one for a host of its own is not', async () => {
  await using backend = await RawBackend.start(ok('hello'));
  await using proxy = await TlsProxy.start({ ...both, endpoints: [backend.port] });
  const ask = (servername: string, host: string): Promise<string> => askTls(proxy, host, { servername });
  assert.match(await ask('shop.test', 'wiki.test'), /^HTTP\/1\.1 421 [^]*x-sluice-failure: MISDIRECTED\r/);
  assert.match(await ask('a.shop.test', 'b.shop.test'), /^HTTP\/1\.1 200 /);
  assert.match(await ask('a.shop.test', 'shop.test'), /^HTTP\/1\.1 421 /);
  assert.match(await ask('shop.test', 'unknown.test'), /^HTTP\/1\.1 404 /);
  assert.equal(backend.requests.length, 1);
});

test('over HTTP/2 each request is judged for itself', async () => {
  await using backend = await RawBackend.start(ok('hello'));
  await using proxy = await TlsProxy.start({ ...both, endpoints: [backend.port] });
  const socket = await proxy.connect({ servername: 'shop.test', ALPNProtocols: ['h2'] });
  const session = connectHttp2('https://shop.test', { createConnection: () => socket });
  const ask = async (authority: string): Promise<unknown> => {
    const [headers] = (await once(session.request({ ':authority': authority }), 'response')) as [
      Record<string, unknown>,
    ];
    return headers[':status'];
  };
  assert.deepEqual([await ask('shop.test'), await ask('wiki.test'), await ask('shop.test')], [200, 421, 200]);
  session.destroy();
});

test('a client that a PROXY protocol header announces, its ClientHello in the same segment or after', async () => {
  await using backend = await RawBackend.start(ok('hello'));
  await using proxy = await TlsProxy.start({ ...both, endpoints: [backend.port], proxyProtocol: true });
  for (const pause of [0, 30]) {
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    const header = 'PROXY TCP4 192.0.2.7 192.0.2.1 5555 443\r\n';
    if (pause === 0) socket.cork();
    socket.write(header);
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    const secure = proxy.connect({ socket, servername: 'shop.test' });
    if (pause === 0) setImmediate(() => socket.uncork());
    const client = await secure;
    client.write('GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n');
    assert.match(await readAll(client), /hello$/);
    assert.equal(backend.requests.at(-1)?.header('x-forwarded-for'), '192.0.2.7');
  }
});

test('draining does not wait for clients that say nothing, and lets those finish that have begun', async () => {
  await using backend = await RawBackend.start(() => undefined);
  await using proxy = await TlsProxy.start({ ...both, endpoints: [backend.port] });
  const silent = connect({ port: proxy.port, host: '127.0.0.1' });
  await once(silent, 'connect');
  const busy = await proxy.connect({ servername: 'shop.test' });
  busy.write('GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n');
  await eventually(() => backend.requests.length === 1, 'the request is on its way');
  const drained = proxy.proxy.drain(9000);
  setTimeout(() => ok('done')(backend.requests[0]!), 500);
  assert.match(await readAll(busy), /connection: close\r\n[^]*done$/);
  await drained;
  if (!silent.closed) await once(silent.resume(), 'close');
});

// CVE-2026-21637 and its like: whatever is asked for, the process lives and says what is wrong.
test('names that nobody has, or that are none', async () => {
  await using backend = await RawBackend.start(ok('alive'));
  await using proxy = await TlsProxy.start({ ...both, endpoints: [backend.port] });
  const names = [
    'x',
    'unknown.test',
    '*.shop.test',
    'a'.repeat(255),
    'a'.repeat(1000),
    'b\u00fccher.test',
    '\0',
    'a b',
    '..',
    '__proto__',
    'constructor',
  ];
  for (const serverName of names)
    assert.deepEqual(await say(proxy.port, hello({ serverName })), alert(112), JSON.stringify(serverName));
  assert.deepEqual(await say(proxy.port, hello({})), alert(112), 'no name');
  assert.deepEqual(await say(proxy.port, hello({ serverName: '' })), alert(50));
  assert.equal(failures(proxy), names.length + 2);
  assert.match(await askTls(proxy, 'shop.test'), /alive$/);
  assert.deepEqual(proxy.trouble, []);
});

test('a ClientHello in pieces: bytes, segments and records', async () => {
  await using backend = await RawBackend.start(ok('hello'));
  await using proxy = await TlsProxy.start({ ...both, endpoints: [backend.port] });
  const message = helloMessage({ serverName: 'unknown.test' });
  const bytes = records(message, 40);
  const single = Array.from({ length: 60 }, (_, i) => bytes.subarray(i, i + 1));
  assert.deepEqual(await say(proxy.port, ...single, bytes.subarray(60)), alert(112));
  // A whole handshake, its first flight torn apart by a relay.
  const { createServer } = await import('node:net');
  const relay = createServer((client) => {
    const server = connect({ port: proxy.port, host: '127.0.0.1' });
    client.once('data', (first: Buffer) => {
      server.write(first.subarray(0, 3));
      setTimeout(() => server.write(first.subarray(3, 50)), 10);
      setTimeout(() => {
        server.write(first.subarray(50));
        client.pipe(server);
      }, 20);
    });
    server.pipe(client);
    for (const socket of [client, server]) socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const { port } = relay.address() as { port: number };
  assert.match(await askTls(proxy, 'shop.test', { port }), /hello$/);
  relay.close();
});

test('HTTP in the clear is told where it is', async () => {
  await using proxy = await TlsProxy.start(both);
  const answer = await say(proxy.port, Buffer.from('GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n'));
  assert.match(answer.toString(), /^HTTP\/1\.1 400 Bad Request\r\n[^]*this port is for https\n$/);
});

test(`${GARBAGE} connections of garbage leave nothing behind`, async () => {
  await using backend = await RawBackend.start(ok('alive'));
  await using proxy = await TlsProxy.start({ ...both, endpoints: [backend.port] });
  const real = hello({ serverName: 'shop.test' });
  const kinds: readonly Buffer[] = [
    Buffer.alloc(0),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.from([0x80, 0x2e, 1, 3, 1, 0, 0x15]),
    Buffer.alloc(3000, 0xff),
    Buffer.of(22, 3, 1, 0xff, 0xff),
    Buffer.of(22, 3, 1, 0, 0),
    real.subarray(0, 40),
    // Good until OpenSSL has answered, and then not.
    Buffer.concat([real, Buffer.alloc(100, 0x17)]),
    Buffer.concat([real, Buffer.of(21, 3, 3, 0, 2, 2, 80)]),
    Buffer.of(22, 3, 3, 0, 4, 2, 0, 0, 0),
  ];
  assert.match(await askTls(proxy, 'shop.test'), /alive$/);
  await eventually(() => backend.sockets.length > 0, 'the backend has been used');
  const before = descriptors();
  for (let done = 0; done < GARBAGE; done += AT_A_TIME) {
    const sockets: Socket[] = [];
    for (let i = 0; i < AT_A_TIME; i++) {
      const socket = connect({ port: proxy.port, host: '127.0.0.1' });
      socket.on('error', () => {});
      socket.write(kinds[i % kinds.length]!);
      if (i % 3 === 0) socket.end();
      sockets.push(socket);
    }
    await Promise.all(
      sockets.map(async (socket) => {
        if (socket.connecting) await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
        await new Promise((resolve) => setTimeout(resolve, 5));
        socket.destroy();
      }),
    );
  }
  await eventually(() => descriptors() <= before + 2, `${descriptors()} descriptors, ${before} before`);
  assert.match(await askTls(proxy, 'shop.test'), /alive$/);
  assert.deepEqual(proxy.trouble, []);
});

test('half a handshake ends in time, whichever half', async () => {
  await using proxy = await TlsProxy.start(both, { limits: { headTimeout: 300 } });
  const whole = hello({
    serverName: 'shop.test',
    more: [
      [10, vector(2, Buffer.of(0, 23))],
      [13, vector(2, Buffer.of(4, 3))],
      [51, vector(2, Buffer.alloc(0))],
    ],
  });
  for (const bytes of [Buffer.alloc(0), whole.subarray(0, 1), whole.subarray(0, 100)]) {
    const said = await say(proxy.port, bytes);
    assert.equal(said.length, 0);
  }
  // Beyond the ClientHello it is OpenSSL that waits: it has asked for a key share, and none comes.
  assert.equal((await say(proxy.port, whole))[0], 22);
  await eventually(() => failures(proxy) === 4, 'each is counted');
});
