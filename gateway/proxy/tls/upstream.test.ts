// TLS to endpoints (BackendTLSPolicy): who is taken for the backend, and what a request meets when it is not.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import { createServer, type Server, type TlsOptions, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { TestCa, type Issued } from '#native/tls/testbed/test-ca';
import type { Cluster, ClusterTls } from '../../model/cluster.ts';
import type { Certificate } from '../../model/snapshot.ts';
import { ask } from '../testbed/raw-client.ts';
import { TestProxy, CLUSTER, eventually, rule, snapshotOf } from '../testbed/test-proxy.ts';

const ca = TestCa.create();
const stranger = TestCa.create('Stranger');
const past = new Date(Date.now() - 60_000);
const good = ca.issue({ dns: ['app.test'], uri: ['spiffe://test/app'] });
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

const tlsOf = (more: Partial<ClusterTls> = {}): ClusterTls => ({
  serverName: 'app.test',
  roots: ca.certificate,
  subjectAltNames: [],
  ...more,
});

/** A backend by TLS that answers every request with the name that it was asked by. */
class TlsBackend {
  readonly port: number;
  readonly sockets: TLSSocket[] = [];
  readonly errors: string[] = [];
  readonly #server: Server;

  static async start({ chain, key }: Issued, more: TlsOptions = {}): Promise<TlsBackend> {
    const server = createServer({ cert: chain, key, ...more }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TlsBackend(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('tlsClientError', ({ message }) => this.errors.push(message));
    server.on('secureConnection', (socket) => {
      this.sockets.push(socket);
      socket.on('error', () => {});
      socket.on('data', () => {
        const { servername } = socket as TLSSocket & { servername: string };
        const text = `${servername} ${String(socket.getPeerCertificate().subject?.CN ?? 'nobody')}`;
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function apply(
  proxy: TestProxy,
  cluster: Partial<Cluster>,
  ports: readonly number[],
  certificates: readonly Certificate[] = [],
): Promise<void> {
  const snapshot = snapshotOf([proxy.port], ports, [rule()]);
  const clusters = [{ ...snapshot.clusters[0]!, name: CLUSTER, ...cluster }];
  await proxy.proxy.apply({ ...snapshot, clusters, certificates });
}

const shared = await TestProxy.start([]);
after(() => shared[Symbol.asyncDispose]());

/** What a request gets through a Cluster with this TLS, to a backend with this certificate. */
async function through(tls: ClusterTls, certificate: Issued): Promise<string> {
  await using backend = await TlsBackend.start(certificate);
  await apply(shared, { tls }, [backend.port]);
  const { status, body, headers } = await ask(shared.port, GET);
  return `${status} ${headers.get('x-sluice-failure') ?? ''} ${body.toString()}`.replaceAll(/\s+/g, ' ');
}

const REFUSED = /^503 UPSTREAM_TLS /;

test('a backend is reached by TLS, with its name, on a connection that is kept', async () => {
  await using backend = await TlsBackend.start(good);
  await using proxy = await TestProxy.start([]);
  await apply(proxy, { tls: tlsOf() }, [backend.port]);
  for (let i = 0; i < 3; i++) assert.equal((await ask(proxy.port, GET)).body.toString(), 'app.test nobody');
  assert.equal(backend.sockets.length, 1);
});

test('certificates that are not the wanted one', async () => {
  assert.match(await through(tlsOf(), ca.issue({ dns: ['other.test'] })), REFUSED);
  assert.match(await through(tlsOf(), ca.issue({ dns: ['app.test'], notAfter: past })), REFUSED);
  assert.match(await through(tlsOf(), stranger.issue({ dns: ['app.test'] })), REFUSED);
  assert.match(await through(tlsOf({ roots: '' }), good), REFUSED, 'the machine does not know our root');
  assert.match(await through(tlsOf(), ca.issue({ dns: ['app.test'], usage: ['client'] })), REFUSED);
});

test('the reason is told', async () => {
  assert.match(await through(tlsOf(), ca.issue({ dns: ['other.test'] })), /hostname mismatch/);
  assert.match(
    await through(tlsOf(), ca.issue({ dns: ['app.test'], notAfter: past })),
    /certificate has expired/,
  );
  assert.match(await through(tlsOf(), stranger.issue({ dns: ['app.test'] })), /unable to get local issuer/);
});

test('alternative names: DNS and URI, one of them is enough', async () => {
  const uri = { kind: 'uri', value: 'spiffe://test/app' } as const;
  const other = { kind: 'dns', value: 'other.test' } as const;
  assert.match(
    await through(tlsOf({ serverName: 'sni.test', subjectAltNames: [other, uri] }), good),
    /^200 .*sni\.test/,
  );
  assert.match(await through(tlsOf({ subjectAltNames: [other] }), good), /^503 .*not for dns:other\.test/);
  assert.match(
    await through(tlsOf({ subjectAltNames: [{ ...uri, value: 'spiffe://test/apps' }] }), good),
    REFUSED,
  );
});

test('a client certificate is shown when it is asked for', async () => {
  const client = { ...ca.issue({ name: 'sluice' }), name: 'default/client' };
  await using backend = await TlsBackend.start(good, {
    ca: ca.certificate,
    requestCert: true,
    rejectUnauthorized: true,
  });
  await using proxy = await TestProxy.start([]);
  await apply(proxy, { tls: tlsOf({ certificate: client.name }) }, [backend.port], [client]);
  assert.equal((await ask(proxy.port, GET)).body.toString(), 'app.test sluice');
  await apply(proxy, { tls: tlsOf() }, [backend.port]);
  const refused = await ask(proxy.port, GET);
  assert.deepEqual([refused.status, refused.headers.get('x-sluice-failure')], [503, 'UPSTREAM_TLS']);
  await apply(proxy, { tls: tlsOf({ certificate: 'default/gone' }) }, [backend.port]);
  assert.match((await ask(proxy.port, GET)).body.toString(), /the certificate default\/gone cannot be used/);
});

test('connections that were made for other rules serve no more requests', async () => {
  await using backend = await TlsBackend.start(good);
  await using proxy = await TestProxy.start([]);
  await apply(proxy, { tls: tlsOf() }, [backend.port]);
  assert.equal((await ask(proxy.port, GET)).status, 200);
  await apply(proxy, { tls: tlsOf({ roots: stranger.certificate }) }, [backend.port]);
  assert.equal((await ask(proxy.port, GET)).status, 503);
  await eventually(() => backend.sockets[0]?.destroyed === true, 'the old connection is closed');
});

test('never in the clear: a backend without TLS, roots that cannot be read, an engine without TLS', async () => {
  const seen: string[] = [];
  const { createServer: createPlain } = await import('node:net');
  const plain = createPlain((socket) => {
    socket.on('data', (bytes) => seen.push(bytes.toString('latin1')));
    socket.on('error', () => {});
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  }).listen(0, '127.0.0.1');
  await once(plain, 'listening');
  const { port } = plain.address() as AddressInfo;
  for (const engine of ['epoll', 'net'] as const) {
    await using proxy = await TestProxy.start([], { engine });
    for (const tls of [tlsOf(), tlsOf({ roots: 'x' })]) {
      await apply(proxy, { tls }, [port]);
      assert.equal((await ask(proxy.port, GET)).headers.get('x-sluice-failure'), 'UPSTREAM_TLS', engine);
    }
  }
  assert.deepEqual(
    seen.filter((text) => text.includes('HTTP/1.1')),
    [],
  );
  plain.close();
});

// CVE-2024-32475: the server name is the Cluster's, never the request's.
test('a long Host does not reach the server name', async () => {
  await using backend = await TlsBackend.start(good);
  await using proxy = await TestProxy.start([]);
  await apply(proxy, { tls: tlsOf() }, [backend.port]);
  const long = `${'a'.repeat(60)}.`.repeat(5) + 'test';
  const { status } = await ask(proxy.port, `GET / HTTP/1.1\r\nHost: ${long}\r\n\r\n`);
  assert.ok(status === 200 || status === 400, String(status));
  await apply(proxy, { tls: tlsOf({ serverName: 'a'.repeat(300) }) }, [backend.port]);
  assert.match((await ask(proxy.port, GET)).body.toString(), /must have 1 to 255/);
  await apply(proxy, { tls: tlsOf() }, [backend.port]);
  assert.equal((await ask(proxy.port, GET)).status, 200);
  assert.deepEqual(proxy.trouble.length, 0);
});

test('HTTP/2 is agreed on by ALPN, or there is no connection', async () => {
  const server: Http2SecureServer = createSecureServer({
    cert: good.chain,
    key: good.key,
    allowHTTP1: false,
  });
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200 });
    stream.end('by h2');
  });
  server.on('sessionError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await using backend = await TlsBackend.start(good);
  await using proxy = await TestProxy.start([]);
  await apply(proxy, { tls: tlsOf(), protocol: 'http2' }, [(server.address() as AddressInfo).port]);
  assert.equal((await ask(proxy.port, GET)).body.toString().includes('by h2'), true);
  await apply(proxy, { tls: tlsOf(), protocol: 'http2' }, [backend.port]);
  assert.match((await ask(proxy.port, GET)).body.toString(), /does not speak h2/);
  server.close();
});

test('a handshake that stops half way is given up in time', async () => {
  const { createServer: createPlain } = await import('node:net');
  const silent = createPlain(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  await using proxy = await TestProxy.start([], { limits: { connectTimeout: 200 } });
  await apply(proxy, { tls: tlsOf() }, [(silent.address() as AddressInfo).port]);
  assert.equal((await ask(proxy.port, GET)).headers.get('x-sluice-failure'), 'CONNECT_TIMEOUT');
  silent.close();
});
