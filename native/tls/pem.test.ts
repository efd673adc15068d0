// Certificates and keys that cannot be used: said so, with the name of the culprit, and nothing else happens.
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { test } from 'node:test';
import { openClientContext } from './client-context.ts';
import { inspectKeyPair } from './inspect-key-pair.ts';
import { errTake } from './openssl.ts';
import { tlsUnavailable } from './probe.ts';
import { openServerContext } from './server-context.ts';
import { bitString, integer, octetString, oid, sequence } from './testbed/der.ts';
import { TestCa } from './testbed/test-ca.ts';
import { TlsPair } from './testbed/tls-pair.ts';

const ca = TestCa.create();
const good = ca.issue({ dns: ['A.test', '*.b.test'], uri: ['spiffe://a/b'] });
const SCOPE = Buffer.alloc(32, 1);

test('this node has what TLS needs', () => {
  assert.equal(tlsUnavailable(), '');
});

test('names and kind of key', () => {
  const ec = inspectKeyPair(good);
  assert.deepEqual(ec.dns, ['a.test', '*.b.test']);
  const rsa = inspectKeyPair(ca.issue({ key: 'rsa' }));
  assert.deepEqual(rsa.dns, []);
  assert.notEqual(rsa.kind, ec.kind);
});

const other = ca.issue({ dns: ['a.test'] });
const encrypted = createPrivateKey(good.key).export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'x',
});
const broken = good.chain.replace(/\n[A-Za-z0-9+/]{20}/, `\n${'A'.repeat(20)}`);
for (const [name, chain, key, reason] of [
  ['no certificate', '', good.key, /default\/x: holds no certificate/],
  ['text', 'hello', good.key, /holds no certificate/],
  [
    'a certificate that is cut',
    `${good.chain.slice(0, 200)}\n-----END CERTIFICATE-----\n`,
    good.key,
    /certificate 1 of 1: /,
  ],
  ['a certificate without end', good.chain.slice(0, 200), good.key, /certificate 1 of 1: /],
  ['a certificate with changed bytes', broken, good.key, /certificate 1 of 1: /],
  ['a broken issuer', good.chain + broken, good.key, /certificate 2 of 2: /],
  ['no key', good.chain, '', /holds no private key/],
  ['the key of another certificate', good.chain, other.key, /key values mismatch/],
  ['a key of another kind', good.chain, ca.issue({ key: 'rsa' }).key, /the key does not belong/],
  ['an encrypted key', good.chain, encrypted, /./],
  ['more than anybody needs', 'x'.repeat(5_000_000) + good.chain, good.key, /larger than/],
] as const)
  test(`refused: ${name}`, () => {
    assert.throws(() => inspectKeyPair({ name: 'default/x', chain, key }), {
      name: 'TlsError',
      message: reason,
    });
    assert.equal(errTake(), 0, 'an error is left behind');
  });

test('roots that cannot be read are named', () => {
  const options = { name: 'shop', protocols: [] };
  assert.throws(() => openClientContext({ ...options, roots: 'x' }), /shop: roots: holds no certificate/);
  const clients = { roots: broken, required: true };
  const server = { name: 'shop', certificates: [good], scope: SCOPE, clients };
  assert.throws(() => openServerContext(server), /shop: roots of client certificates: certificate 1 of 1/);
});

test('the same root twice, and text around it, are no error', () => {
  const roots = `# ours\n${ca.certificate}\n# again\n${ca.certificate}`;
  openClientContext({ name: 'client', roots, protocols: [] }).free();
  openClientContext({ name: 'client', roots: '', protocols: [] }).free();
});

// CVE-2022-0778: the point is compressed, and the "prime" 697 = 17 * 41 makes the search for a square root endless.
const ENDLESS = sequence(
  sequence(
    oid('1.2.840.10045.2.1'),
    sequence(
      integer(Buffer.of(1)),
      sequence(oid('1.2.840.10045.1.1'), integer(Buffer.from('02b9', 'hex'))),
      sequence(octetString(Buffer.from('0017', 'hex')), octetString(Buffer.from('02b8', 'hex'))),
      octetString(Buffer.from('020000', 'hex')),
      integer(Buffer.of(5)),
    ),
  ),
  bitString(Buffer.from('020000', 'hex')),
);

test('a curve that keeps others busy for ever is refused at once', () => {
  const hostile = { ...ca.issue({ dns: ['a.test'], publicKey: ENDLESS }), name: 'default/x' };
  assert.throws(() => inspectKeyPair(hostile), { name: 'TlsError' });
  const clients = { roots: ca.certificate, required: true };
  const server = openServerContext({ name: 'server', certificates: [good], scope: SCOPE, clients });
  const client = openClientContext({
    name: 'client',
    roots: ca.certificate,
    protocols: [],
    certificate: good,
  });
  using pair = new TlsPair(server, client, { serverName: 'a.test', names: [] });
  assert.deepEqual(pair.shake(), [1, 1]);
  openClientContext({ name: 'client', roots: ca.certificate + hostile.chain, protocols: [] }).free();
});

test('memory does not grow with contexts, connections and refused certificates', () => {
  const round = (): void => {
    const server = openServerContext({ name: 'server', certificates: [good], scope: SCOPE });
    const client = openClientContext({ name: 'client', roots: ca.certificate, protocols: ['h2'] });
    for (let i = 0; i < 3; i++) {
      using pair = new TlsPair(server, client, { serverName: 'a.test', names: [] });
      pair.shake();
    }
    assert.throws(() => inspectKeyPair({ ...good, key: other.key }));
    server.free();
    client.free();
  };
  /** What is not V8's heap, which grows as it pleases. */
  const measure = (): number => {
    const { rss, heapTotal } = process.memoryUsage();
    return rss - heapTotal;
  };
  for (let i = 0; i < 50; i++) round();
  const before = measure();
  for (let i = 0; i < 200; i++) round();
  // 600 connections of some 20 KB and 200 contexts would be more than 15 MB.
  const grown = measure() - before;
  assert.ok(grown < 10 << 20, `${grown} bytes`);
});
