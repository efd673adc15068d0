// Client certificates at an HTTPS listener: who is let in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestCa, type Issued } from '#native/tls/testbed/test-ca';
import { ok, RawBackend } from '../testbed/raw-backend.ts';
import { askTls, TlsProxy } from './testbed/tls-proxy.ts';

const ca = TestCa.create();
const stranger = TestCa.create('Stranger');
const server = ca.issue({ dns: ['a.test', 'b.test', 'c.test'] });
const past = new Date(Date.now() - 60_000);

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
const REFUSED = /alert|ALERT/;

test('required, optional, and not asked for, on one port', async () => {
  await using backend = await RawBackend.start(ok('in'));
  await using proxy = await TlsProxy.start({
    certificates: [server],
    endpoints: [backend.port],
    listeners: [
      ['a.test', { clients: { roots: ca.certificate, required: true } }],
      ['b.test', { clients: { roots: ca.certificate, required: false } }],
      ['c.test'],
    ],
  });
  for (const version of VERSIONS) {
    const ask = (host: string, certificate?: Issued): Promise<string> =>
      askTls(proxy, host, {
        minVersion: version,
        maxVersion: version,
        ...(certificate === undefined ? {} : { cert: certificate.chain, key: certificate.key }),
      });
    const good = ca.issue({ uri: ['spiffe://test/client'] });
    assert.match(await ask('a.test', good), /in$/);
    assert.match(await ask('a.test', ca.delegate().issue({})), /in$/, 'with its intermediate');
    await assert.rejects(ask('a.test'), REFUSED);
    await assert.rejects(ask('a.test', stranger.issue({})), REFUSED);
    await assert.rejects(ask('a.test', ca.issue({ notAfter: past })), REFUSED);
    await assert.rejects(ask('a.test', ca.issue({ usage: ['server'] })), REFUSED);
    for (const host of ['b.test', 'c.test'])
      for (const certificate of [undefined, good, stranger.issue({})])
        assert.match(await ask(host, certificate), /in$/, `${host} ${version}`);
  }
  assert.deepEqual(proxy.trouble, []);
});

test('a host behind client certificates is not reached over the connection of another', async () => {
  await using backend = await RawBackend.start(ok('in'));
  await using proxy = await TlsProxy.start({
    certificates: [server],
    endpoints: [backend.port],
    listeners: [['a.test', { clients: { roots: ca.certificate, required: true } }], ['c.test']],
  });
  assert.match(await askTls(proxy, 'a.test', { servername: 'c.test' }), /^HTTP\/1\.1 421 /);
  assert.equal(backend.requests.length, 0);
});
