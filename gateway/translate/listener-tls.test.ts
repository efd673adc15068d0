// What golden files cannot hold: certificates in time, and Secrets that change while they are served.
import assert from 'node:assert/strict';
import test from 'node:test';
import { TestCa, type Issued } from '#native/tls/testbed/test-ca';
import { readManifests } from '#resources/source/manifests';
import { translate, type Translation } from './translate.ts';

const DAY = 24 * 3_600_000;
const GATEWAY = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: shop }
spec:
  gatewayClassName: sluice
  listeners: [{ name: web, protocol: HTTPS, port: 443, tls: { certificateRefs: [{ name: web }] } }]
`;
const ca = TestCa.create();

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const secret = ({ chain, key }: Pick<Issued, 'chain' | 'key'>): string => `---
apiVersion: v1
kind: Secret
metadata: { name: web, namespace: shop }
type: kubernetes.io/tls
data: { tls.crt: "${base64(chain)}", tls.key: "${base64(key)}" }
`;
function serve(manifest: string, now?: number): Translation {
  const { resources, findings } = readManifests(GATEWAY + manifest, 'test.yaml');
  assert.deepEqual(findings, []);
  const options = { controllerName: 'a.b/c', previousRevision: 0, impliedClass: 'sluice' };
  return translate(resources, now === undefined ? options : { ...options, now });
}
const told = ({ findings }: Translation): string[] =>
  findings.map(({ code, message }) => `${code} ${message}`);

test('a certificate is told of before and after its time, and shown all the same', () => {
  const notBefore = new Date('2030-01-01T00:00:00Z');
  const notAfter = new Date('2030-02-01T00:00:00Z');
  const manifest = secret(ca.issue({ dns: ['a.example.com'], notBefore, notAfter }));
  const at = (days: number): string[] => {
    const translation = serve(manifest, notBefore.getTime() + days * DAY);
    assert.equal(translation.snapshot.certificates?.length, 1);
    return told(translation);
  };
  assert.deepEqual(at(-1), [
    'SLU0224 the certificate of Secret shop/web is valid from 2030-01-01T00:00:00.000Z on',
  ]);
  assert.deepEqual([at(0), at(30)], [[], []]);
  assert.deepEqual(at(31), [
    'SLU0224 the certificate of Secret shop/web has expired at 2030-02-01T00:00:00.000Z',
  ]);
  assert.deepEqual(told(serve(manifest)), [], 'without a time nothing is said about time');
});

test('a pair that does not fit is refused and still named, so that its last good content can stay', () => {
  const good = ca.issue({ dns: ['a.example.com'] });
  const other = ca.issue({ dns: ['a.example.com'] });
  const { snapshot, findings } = serve(secret({ chain: good.chain, key: other.key }));
  assert.equal(findings[0]?.code, 'SLU0222');
  assert.deepEqual(snapshot.ports[0]?.listeners[0]?.tls?.certificates, ['shop/web']);
  assert.deepEqual(
    snapshot.certificates?.map(({ name }) => name),
    ['shop/web'],
  );
});

test('a Secret that is gone is not named, and the port that has no other is closed', () => {
  const { snapshot, findings } = serve('');
  assert.equal(findings[0]?.code, 'SLU0222');
  assert.deepEqual(snapshot.ports, []);
  assert.equal(snapshot.certificates, undefined);
});

test('only certificates go into the chain, though the key stands in the same text', () => {
  const { chain, key } = ca.issue({ dns: ['a.example.com'] });
  const { snapshot, findings } = serve(secret({ chain: key + chain, key }));
  assert.deepEqual(findings, []);
  assert.equal(snapshot.certificates?.[0]?.chain, chain);
});
