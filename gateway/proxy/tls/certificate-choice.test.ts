// Which certificates are shown for which name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrangeCertificates, coveringName, type Named } from './certificate-choice.ts';

interface One extends Named {
  readonly id: string;
}

const RSA = 6;
const EC = 408;
const one = (id: string, kind: number, ...dns: string[]): One => ({ id, kind, dns });

function shown(certificates: readonly One[], name: string): string {
  const { byName, otherwise } = arrangeCertificates(certificates);
  const key = coveringName(byName, name);
  const chosen = key === undefined ? otherwise : byName.get(key);
  return (chosen ?? []).map(({ id }) => id).join(' ');
}

test('an exact name, else a wildcard of one label, else the first certificate', () => {
  const all = [one('first', EC, 'a.test'), one('wild', EC, '*.b.test'), one('exact', EC, 'x.b.test')];
  assert.equal(shown(all, 'a.test'), 'first');
  assert.equal(shown(all, 'x.b.test'), 'exact');
  assert.equal(shown(all, 'y.b.test'), 'wild');
  for (const name of ['b.test', 'x.y.b.test', '', 'test', '.b.test', 'unknown'])
    assert.equal(shown(all, name), 'first', name);
});

test('of each kind of key the first one with the name is shown', () => {
  const all = [
    one('rsa', RSA, 'a.test'),
    one('ec', EC, 'a.test', '*.a.test'),
    one('late', RSA, 'a.test', '*.a.test'),
  ];
  assert.equal(shown(all, 'a.test'), 'rsa ec');
  assert.equal(shown(all, 'x.a.test'), 'ec late');
});

test('a twin of the first certificate is shown with it to those who ask for nothing known', () => {
  const all = [
    one('ec', EC, 'a.test', 'b.test'),
    one('other', RSA, 'a.test'),
    one('twin', RSA, 'b.test', 'a.test'),
  ];
  assert.equal(shown(all, 'c.test'), 'ec twin');
});
