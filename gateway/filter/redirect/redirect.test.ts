import assert from 'node:assert/strict';
import test from 'node:test';
import type { HTTPRequestRedirectFilter } from '#resources/type/http-route.gen';
import type { RequestView } from '../../route/request-view.ts';
import { parseRedirect } from './config.ts';
import { Redirect } from './redirect.ts';

type Written = Partial<HTTPRequestRedirectFilter>;

function locate(
  written: Written,
  port: number,
  view: Partial<RequestView> = {},
  scheme: 'http' | 'https' = 'http',
): string {
  const { filter, issues } = parseRedirect({ statusCode: 302, ...written }, '/old');
  assert.deepEqual(issues, []);
  const request = {
    method: 'GET',
    host: 'example.org',
    path: '/x',
    query: '',
    header: () => undefined,
    ...view,
  };
  return new Redirect(filter).location(request, scheme, port);
}

// Listener port, scheme and port of the filter, Location: the rules of HTTPRequestRedirectFilter.port.
const PORTS: [number, Written, string][] = [
  [80, {}, 'http://example.org/x'],
  [80, { port: 80 }, 'http://example.org/x'],
  [80, { port: 8080 }, 'http://example.org:8080/x'],
  [80, { scheme: 'https' }, 'https://example.org/x'],
  [80, { scheme: 'https', port: 443 }, 'https://example.org/x'],
  [80, { scheme: 'https', port: 8443 }, 'https://example.org:8443/x'],
  [8080, {}, 'http://example.org:8080/x'],
  [8080, { port: 80 }, 'http://example.org/x'],
  [8080, { scheme: 'http' }, 'http://example.org/x'],
  [8080, { scheme: 'https' }, 'https://example.org/x'],
  [8080, { scheme: 'https', port: 8443 }, 'https://example.org:8443/x'],
  [80, { scheme: 'http', port: 443 }, 'http://example.org:443/x'],
];
for (const [port, written, expected] of PORTS) {
  test(`on port ${port}, ${JSON.stringify(written)} leads to ${expected}`, () => {
    assert.equal(locate(written, port), expected);
  });
}

test('on an https listener', () => {
  assert.equal(locate({}, 443, {}, 'https'), 'https://example.org/x');
  assert.equal(locate({}, 8443, {}, 'https'), 'https://example.org:8443/x');
  assert.equal(locate({ scheme: 'http' }, 443, {}, 'https'), 'http://example.org/x');
});

test('hostname and path are replaced, the query stays', () => {
  const path = { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' } as const;
  const view = { path: '/old/a', query: 'q=1' };
  assert.equal(locate({ hostname: 'Other.example', path }, 80, view), 'http://other.example/new/a?q=1');
});

test('what a client sends cannot break out of the header line', () => {
  assert.equal(locate({}, 80, { path: '/a b\r\n', query: '\u00e9' }), 'http://example.org/a%20b%0D%0A?%E9');
});

test('without a host the Location is a path, and never another host', () => {
  assert.equal(locate({}, 80, { host: '', path: '//evil.example' }), '/evil.example');
});

test('statuses and schemes that are not served are refused', () => {
  const written = { statusCode: 304, scheme: 'ftp' } as unknown as HTTPRequestRedirectFilter;
  const fields = parseRedirect(written, undefined).issues.map(({ field }) => field);
  assert.deepEqual(fields, ['requestRedirect.statusCode', 'requestRedirect.scheme']);
});
