import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { HostIndex } from './host-index.ts';

const index = (...hostnames: string[]): HostIndex<string> =>
  new HostIndex(hostnames.map((hostname) => [hostname, hostname] as const));

test('an exact hostname wins over a wildcard, a wildcard over any', () => {
  const hosts = index('', '*.example.com', 'www.example.com');
  assert.equal(hosts.find('www.example.com'), 'www.example.com');
  assert.equal(hosts.find('api.example.com'), '*.example.com');
  assert.equal(hosts.find('example.org'), '');
});

test('a wildcard stands for one or more labels, never for none', () => {
  const hosts = index('*.example.com');
  assert.equal(hosts.find('a.example.com'), '*.example.com');
  assert.equal(hosts.find('a.b.example.com'), '*.example.com');
  assert.equal(hosts.find('example.com'), undefined);
  assert.equal(hosts.find('notexample.com'), undefined);
  assert.equal(hosts.find('.example.com'), undefined);
});

test('of several wildcards the longest wins', () => {
  const hosts = index('*.com', '*.example.com', '*.foo.example.com');
  assert.equal(hosts.find('a.foo.example.com'), '*.foo.example.com');
  assert.equal(hosts.find('foo.example.com'), '*.example.com');
  assert.equal(hosts.find('example.com'), '*.com');
});

test('a request without host belongs to any alone', () => {
  assert.equal(index('', 'a.b').find(''), '');
  assert.equal(index('a.b', '*.b').find(''), undefined);
});

test('agrees with the definition, also when hosts repeat', () => {
  const label = fc.constantFrom('a', 'b', 'c');
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  const hostname = fc.oneof(
    name,
    name.map((suffix) => `*.${suffix}`),
    fc.constant(''),
  );
  fc.assert(
    fc.property(fc.uniqueArray(hostname), fc.array(name), (hostnames, hosts) => {
      const hostIndex = index(...hostnames);
      for (const host of [...hosts, ...hosts])
        assert.equal(hostIndex.find(host), mostSpecific(hostnames, host));
    }),
  );
});

function mostSpecific(hostnames: readonly string[], host: string): string | undefined {
  const matching = hostnames.filter(
    (hostname) =>
      hostname === '' ||
      hostname === host ||
      (hostname.startsWith('*.') && host.endsWith(hostname.slice(1)) && host.length >= hostname.length),
  );
  return matching.sort((a, b) => Number(b === host) - Number(a === host) || b.length - a.length)[0];
}
