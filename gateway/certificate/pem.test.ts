import assert from 'node:assert/strict';
import test from 'node:test';
import { TestCa } from '#native/tls/testbed/test-ca';
import { readPemCertificates } from './pem.ts';

const ca = TestCa.create();
const { chain, key } = ca.delegate().issue({ dns: ['a.example.com'] });

test('takes certificates in their order and leaves the rest behind', () => {
  const { certificates, text, problem } = readPemCertificates(`# ours\n${key}${chain}\n${key}`);
  assert.equal(problem, undefined);
  assert.deepEqual(
    certificates.map(({ subject }) => subject),
    ['CN=a.example.com', 'CN=Test intermediate'],
  );
  assert.equal(text, chain);
});

const BROKEN: [string, string, string][] = [
  ['nothing', '', 'no certificate in PEM format'],
  ['a key', key, 'no certificate in PEM format'],
  ['no end', chain.slice(0, 300), 'a certificate without an end, or with letters that PEM does not have'],
  [
    'a word inside',
    chain.replace('\nM', '\n*M'),
    'a certificate without an end, or with letters that PEM does not have',
  ],
  ['cut content', chain.replace(/\n.{64}/, ''), 'certificate 1 of 2 cannot be read'],
];
for (const [name, text, expected] of BROKEN)
  test(`${name}: ${expected}`, () => assert.equal(readPemCertificates(text).problem, expected));
