import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { intersectHostnames } from './hostname.ts';

// The table of the Gateway API's page on hostnames: Listener, Route, what they have in common.
const TABLE: [string, string, string | undefined][] = [
  ['www.example.com', 'www.example.com', 'www.example.com'],
  ['*.example.com', 'www.example.com', 'www.example.com'],
  ['*.example.com', 'sub.domain.example.com', 'sub.domain.example.com'],
  ['www.example.com', '*.example.com', 'www.example.com'],
  ['*.example.com', '*.example.com', '*.example.com'],
  ['*.com', '*.example.com', '*.example.com'],
  ['', 'www.example.com', 'www.example.com'],
  ['', '', ''],
  ['*.example.com', 'example.com', undefined],
  ['*.example.com', 'test.example.net', undefined],
  ['*.example.com', '*.badexample.com', undefined],
];
for (const [listener, route, expected] of TABLE) {
  test(`'${listener}' and '${route}' have ${expected ?? 'nothing'} in common`, () => {
    assert.equal(intersectHostnames(listener, route), expected);
    assert.equal(intersectHostnames(route, listener), expected);
  });
}

test('a host matches the intersection exactly when it matches both', () => {
  const label = fc.constantFrom('a', 'b', 'ab');
  const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  const hostname = fc.oneof(
    host,
    host.map((suffix) => `*.${suffix}`),
    fc.constant(''),
  );
  fc.assert(
    fc.property(hostname, hostname, host, (a, b, name) => {
      const common = intersectHostnames(a, b);
      assert.equal(common !== undefined && matches(common, name), matches(a, name) && matches(b, name));
    }),
    { numRuns: 1000 },
  );
});

function matches(hostname: string, host: string): boolean {
  if (hostname === '' || hostname === host) return true;
  return hostname.startsWith('*.') && host.endsWith(hostname.slice(1)) && host.length >= hostname.length;
}
