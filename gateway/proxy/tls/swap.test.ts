// Certificates come and go while clients are served; sessions outlive workers and keys, but not what they must not evade.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { TestCa, type Issued } from '#native/tls/testbed/test-ca';
import { ok, RawBackend } from '../testbed/raw-backend.ts';
import { askTls, TlsProxy } from './testbed/tls-proxy.ts';

const SWAPS = 100;
const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';

const ca = TestCa.create();
const issue = (more: Parameters<TestCa['issue']>[0] = {}): Issued =>
  ca.issue({ name: 'a', dns: ['a.test'], ...more });
const trusting = { servername: 'a.test', ca: ca.certificate, rejectUnauthorized: true } as const;

/** Tag of a session's allowance of early data, absent when it is none ([15] in OpenSSL's SSL_SESSION). */
const MAX_EARLY_DATA = 0xaf;

/** Tags of the parts of a DER sequence. */
function tagsOf(der: Buffer): number[] {
  const tags: number[] = [];
  const lengthAt = (at: number): [length: number, content: number] => {
    const first = der[at]!;
    return first === 0x82
      ? [der.readUInt16BE(at + 1), at + 3]
      : first === 0x81
        ? [der[at + 1]!, at + 2]
        : [first, at + 1];
  };
  // Node puts a head of its own before the sequence, which runs to the end.
  let at = 0;
  while (at < der.length && lengthAt(at + 1)[0] + lengthAt(at + 1)[1] !== der.length)
    at = der.indexOf(0x30, at + 1);
  [, at] = lengthAt(at + 1);
  while (at < der.length) {
    tags.push(der[at]!);
    const [length, content] = lengthAt(at + 1);
    at = content + length;
  }
  return tags;
}

async function request(socket: TLSSocket): Promise<string> {
  socket.write(GET);
  const [part] = (await once(socket, 'data')) as [Buffer];
  return part.toString('latin1');
}

const serial = (socket: TLSSocket): string => socket.getPeerCertificate().serialNumber;

/** A session with its ticket, of a fresh connection. */
async function ticketOf(proxy: TlsProxy, options: ConnectionOptions): Promise<Buffer> {
  const socket = await proxy.connect(options);
  assert.match(await request(socket), /^HTTP\/1\.1 200 /);
  const session = socket.getSession() ?? assert.fail('no session');
  socket.destroy();
  return session;
}

/** Whether a connection with this ticket is resumed; it serves a request in any case. */
async function resumes(proxy: TlsProxy, options: ConnectionOptions, session: Buffer): Promise<boolean> {
  const socket = await proxy.connect({ ...options, session });
  const reused = socket.isSessionReused();
  assert.match(await request(socket), /^HTTP\/1\.1 200 /);
  socket.destroy();
  return reused;
}

test(`${SWAPS} certificates under load: no connection fails, old ones go on, new ones get the new certificate`, async () => {
  await using backend = await RawBackend.start(ok('ok'));
  const setup = (certificate: Issued): Parameters<TlsProxy['apply']>[0] => ({
    certificates: [certificate],
    endpoints: [backend.port],
  });
  const certificates = [issue(), issue(), issue({ key: 'rsa' })];
  await using proxy = await TlsProxy.start(setup(certificates[0]!), { workers: 2 });
  const held = await proxy.connect(trusting);
  const load = { on: true };
  const seen = new Set<string>();
  let requests = 0;
  const client = async (): Promise<void> => {
    while (load.on) {
      const socket = await proxy.connect(trusting);
      seen.add(serial(socket));
      for (let i = 0; i < 3; i++) assert.match(await request(socket), /^HTTP\/1\.1 200 /);
      requests += 3;
      socket.destroy();
    }
  };
  const clients = Array.from({ length: 4 }, client);
  for (let swap = 1; swap <= SWAPS; swap++) await proxy.apply(setup(certificates[swap % 3]!));
  load.on = false;
  await Promise.all(clients);
  assert.ok(requests > 50, `${requests} requests`);
  assert.equal(seen.size, 3);
  assert.match(await request(held), /^HTTP\/1\.1 200 /);
  held.destroy();
  const last = await proxy.connect(trusting);
  assert.equal(serial(last), new X509Certificate(certificates[SWAPS % 3]!.chain).serialNumber);
  last.destroy();
  assert.deepEqual(proxy.trouble, []);
});

test('a broken renewal is told, and the certificate before it stays in use', async () => {
  await using backend = await RawBackend.start(ok('ok'));
  const good = issue();
  const endpoints = [backend.port];
  await using proxy = await TlsProxy.start({ certificates: [good], endpoints });
  const { key: wrong } = issue();
  for (const broken of [
    { ...good, key: wrong },
    { ...good, chain: 'x' },
    { ...good, chain: good.chain.slice(0, 300) },
  ]) {
    await proxy.apply({ certificates: [broken], endpoints });
    await proxy.apply({ certificates: [broken], endpoints });
    assert.match(await askTls(proxy, 'a.test', trusting), /^HTTP\/1\.1 200 /);
  }
  assert.equal(proxy.trouble.length, 3, 'once each, not with every Snapshot');
  assert.match(
    proxy.trouble[0]!,
    /^certificate default\/a: .*(mismatch|belong).*; the one before stays in use$/,
  );
});

test('a listener without a certificate that can be used refuses, and the others serve', async () => {
  await using backend = await RawBackend.start(ok('ok'));
  const good = issue();
  await using proxy = await TlsProxy.start({
    certificates: [good, { name: 'default/bad', chain: 'x', key: 'y' }],
    endpoints: [backend.port],
    listeners: [
      ['a.test'],
      ['b.test', { certificates: ['default/bad'] }],
      ['c.test', { certificates: ['default/gone', good.name] }],
    ],
  });
  await assert.rejects(proxy.connect({ servername: 'b.test' }), {
    code: 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
  });
  assert.match(await askTls(proxy, 'a.test', trusting), /^HTTP\/1\.1 200 /);
  assert.match(await askTls(proxy, 'c.test'), /^HTTP\/1\.1 200 /);
  assert.equal(proxy.trouble.length, 2);
  assert.match(
    proxy.trouble[1]!,
    /^listener default\/gateway\/b\.test: none of its certificates can be used; it refuses every connection$/,
  );
});

test('RSA and ECDSA under one name: each client gets what it can verify', async () => {
  const rsa = { ...issue({ key: 'rsa' }), name: 'default/rsa' };
  const ec = { ...issue(), name: 'default/ec' };
  await using proxy = await TlsProxy.start({
    certificates: [rsa, ec],
    listeners: [['a.test', { certificates: [rsa.name, ec.name] }]],
  });
  for (const [sigalgs, kind] of [
    ['ecdsa_secp256r1_sha256', 'prime256v1'],
    ['rsa_pss_rsae_sha256', undefined],
  ] as const) {
    const socket = await proxy.connect({ servername: 'a.test', sigalgs });
    assert.equal(socket.getPeerCertificate().asn1Curve, kind);
    socket.destroy();
  }
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
  test(`${version}: sessions are resumed by any worker, through configurations, workers and keys`, async () => {
    await using backend = await RawBackend.start(ok('ok'));
    const setup = { certificates: [issue()], endpoints: [backend.port] };
    await using proxy = await TlsProxy.start(setup, { workers: 2 });
    const options = { ...trusting, minVersion: version, maxVersion: version };
    const session = await ticketOf(proxy, options);
    for (let i = 0; i < 12; i++)
      assert.equal(await resumes(proxy, options, session), true, `connection ${i}`);
    await proxy.apply({ ...setup, certificates: [issue()] });
    assert.equal(await resumes(proxy, options, session), true);
    for (let i = 0; i < 3; i++) proxy.proxy.rotateTicketKeys();
    assert.equal(await resumes(proxy, options, session), true);
    proxy.proxy.rotateTicketKeys();
    assert.equal(await resumes(proxy, options, session), false);
  });

// CVE-2022-21654: a session must not outlive the trust that it was made with.
test('when the roots of client certificates change, sessions of before are worth nothing', async () => {
  await using backend = await RawBackend.start(ok('ok'));
  const other = TestCa.create('Other');
  const server = issue();
  const setup = (roots: string, required = true): Parameters<TlsProxy['apply']>[0] => ({
    certificates: [server],
    endpoints: [backend.port],
    listeners: [['a.test', { clients: { roots, required } }]],
  });
  await using proxy = await TlsProxy.start(setup(ca.certificate));
  const client = ca.issue({ uri: ['spiffe://a/b'] });
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const options = {
      ...trusting,
      cert: client.chain,
      key: client.key,
      minVersion: version,
      maxVersion: version,
    };
    await proxy.apply(setup(ca.certificate));
    const session = await ticketOf(proxy, options);
    assert.equal(await resumes(proxy, options, session), true);
    await proxy.apply(setup(other.certificate));
    await assert.rejects(resumes(proxy, options, session), /alert unknown ca|ALERT_UNKNOWN_CA|ECONNRESET/i);
    await proxy.apply(setup(other.certificate + ca.certificate));
    assert.equal(await resumes(proxy, options, session), false);
  }
});

test('early data is not taken', async () => {
  await using proxy = await TlsProxy.start({ certificates: [issue()] });
  const socket = await proxy.connect(trusting);
  const [session] = (await once(socket, 'session')) as [Buffer];
  assert.ok(tagsOf(session).length > 10);
  assert.equal(tagsOf(session).includes(MAX_EARLY_DATA), false);
  socket.destroy();
});
