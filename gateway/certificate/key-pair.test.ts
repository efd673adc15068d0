import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import test from 'node:test';
import { TestCa, type Issued } from '#native/tls/testbed/test-ca';
import { readKeyPair } from './key-pair.ts';

const ca = TestCa.create();
const good = ca.issue({ dns: ['a.example.com', '*.b.example.com'] });
const other = ca.issue({ dns: ['a.example.com'] });

/** A certificate over a key of the given kind. */
function issueOver(make: () => { publicKey: Buffer; privateKey: string }): Issued {
  const { publicKey, privateKey } = make();
  return { ...ca.issue({ dns: ['a.example.com'], publicKey }), key: privateKey };
}
const encoding = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const;

const pkcs1 = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});
const USABLE: [string, Issued][] = [
  ['P-256', good],
  ['RSA', ca.issue({ dns: ['a.example.com'], key: 'rsa' })],
  ['RSA in PKCS#1', issueOver(() => pkcs1)],
  ['P-384', issueOver(() => generateKeyPairSync('ec', { namedCurve: 'P-384', ...encoding }))],
  ['Ed25519', issueOver(() => generateKeyPairSync('ed25519', encoding))],
];
for (const [name, { chain, key }] of USABLE)
  test(`${name} can be used`, () => assert.equal(readKeyPair(chain, key).problem, undefined));

const encrypted = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
});
const BROKEN: [string, Issued, RegExp][] = [
  ['a strange key', { ...good, key: other.key }, /^tls\.key does not belong to tls\.crt$/],
  ['no key', { ...good, key: '' }, /^tls\.key is not a private key in PEM format$/],
  ['a cut key', { ...good, key: good.key.replace(/\n.{20}/, '\n') }, /^tls\.key is not a private key/],
  ['an encrypted key', issueOver(() => encrypted), /^tls\.key is encrypted$/],
  ['no certificate', { ...good, chain: 'hello' }, /^tls\.crt: no certificate in PEM format$/],
  ['the leaf last', { ...good, chain: ca.certificate + good.chain }, /belongs to a later certificate/],
  [
    'RSA of 1024 bits',
    issueOver(() => generateKeyPairSync('rsa', { modulusLength: 1024, ...encoding })),
    /^the RSA key has 1024 bits, which is too weak$/,
  ],
  [
    'secp256k1',
    issueOver(() => generateKeyPairSync('ec', { namedCurve: 'secp256k1', ...encoding })),
    /^keys of curve secp256k1 are not served$/,
  ],
];
for (const [name, { chain, key }, expected] of BROKEN) {
  test(`${name} cannot be used, and nothing of the key is told`, () => {
    const { problem } = readKeyPair(chain, key);
    assert.match(problem?.message ?? '', expected);
    assert.ok((problem?.mend ?? '').length > 0);
    for (const line of key.split('\n').filter((one) => one.length > 16 && !one.startsWith('---')))
      assert.ok(!JSON.stringify(problem).includes(line.slice(0, 16)));
  });
}

test('the chain holds certificates only, even when the key stands beside them', () => {
  assert.equal(readKeyPair(good.chain + good.key, good.key).chain, good.chain);
});

test('covers the names of its leaf', () => {
  const { covers } = readKeyPair(good.chain, good.key);
  const covered = ['a.example.com', 'x.b.example.com', '*.b.example.com'];
  assert.deepEqual(covered.map(covers), [true, true, true]);
  assert.deepEqual(['b.example.com', '*.example.com', 'a.example.org'].map(covers), [false, false, false]);
});

test('knows the dates of its leaf', () => {
  const notAfter = new Date('2031-01-02T03:04:05Z');
  const { chain, key } = ca.issue({ dns: ['a'], notAfter });
  assert.equal(readKeyPair(chain, key).notAfter, notAfter.getTime());
});
