// Attacks that lead around a rule for a path: what is matched must be what the backend gets, whatever was written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Filter, Match, Rule } from '../../../model/route.ts';
import { RawBackend } from '../../testbed/raw-backend.ts';
import { ask } from '../../testbed/raw-client.ts';
import { rule, TestProxy } from '../../testbed/test-proxy.ts';

const NONE = { headers: [], query: [] };

/** The rule of /admin says so in a field of the request, the others say nothing. */
const GUARDED: readonly Rule[] = [
  rule({ matches: [prefix('/admin'), exact('/secret')], filters: [mark('guarded')] }),
  rule({ index: 1, matches: [prefix('/')] }),
];

/** [attack, target, the target that arrives ('' when it is refused)]: all that arrive there are guarded. */
const WAYS_TO_ADMIN: readonly (readonly [string, string, string])[] = [
  ['CVE-2019-9901', '/public/../admin', '/admin'],
  ['CVE-2019-9901', '/public/./../admin/x', '/admin/x'],
  ['CVE-2019-9901', '/%2e/admin', '/admin'],
  ['CVE-2019-9901', '/public/%2E%2e/admin', '/admin'],
  ['CVE-2019-9901', '/../admin', ''],
  ['CVE-2021-29492', '/public%2F..%2Fadmin', ''],
  ['CVE-2021-29492', '/public/..%5Cadmin', ''],
  ['CVE-2021-29492', '/public\\..\\admin', ''],
  ['CVE-2021-32779', '/admin#/../public', ''],
  ['CVE-2021-32779', '/public#/admin', ''],
  ['CVE-2025-66490', '/admin%2Fx', '/admin%2Fx'],
  ['CVE-2025-66490', '/admin%00', ''],
  ['CVE-2025-66490', '/public/..;/admin', ''],
  ['CVE-2025-66490', '/public/..%3B/admin', ''],
  ['CVE-2020-8595', '/secret?a=b', '/secret?a=b'],
  ['CVE-2020-8595', '/secret#', ''],
  ['CVE-2021-31920', '//secret', '/secret'],
  ['CVE-2021-31920', '///admin//x', '/admin/x'],
  ['CVE-2021-31920', '/%73ecret', '/secret'],
  ['absolute form', 'http://b//admin', '/admin'],
];

test('no writing of a path leads around its rule', async (t) => {
  await using backend = await RawBackend.start();
  await using proxy = await TestProxy.start([backend.port], { rules: GUARDED });
  for (const [attack, target, arrives] of WAYS_TO_ADMIN)
    await t.test(`${attack}: ${target}`, async () => {
      const before = backend.requests.length;
      const { status } = await ask(proxy.port, `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
      const request = backend.requests[before];
      if (arrives === '') {
        assert.deepEqual([status, request], [400, undefined]);
        return;
      }
      assert.equal(request?.head.split(' ')[1], arrives);
      // An escaped slash separates nothing, here and for the backend: it is no element of /admin.
      assert.equal(request?.header('x-mark'), arrives.includes('%2F') ? undefined : 'guarded');
    });
});

/** [attack, target, what arrives after /api was cut off ('' when it is refused)] */
const CUT: readonly (readonly [string, string, string])[] = [
  ['CVE-2026-40912', '/api%2e/admin/secret', '/api./admin/secret'],
  ['CVE-2026-40912', '/%61pi/admin/secret', '/admin/secret'],
  ['CVE-2026-40912', '/api%2Fadmin', '/api%2Fadmin'],
  ['CVE-2026-48020', '/api../admin', '/api../admin'],
  ['CVE-2026-48020', '/api%2e%2e/admin', '/api../admin'],
  ['CVE-2026-48020', '/api/../admin', '/admin'],
  ['CVE-2026-48020', '/api/..%2fadmin', ''],
  ['CVE-2026-48020', '/api//admin', '/admin'],
  ['CVE-2026-48020', '/api', '/'],
];

test('a prefix is cut off the path that was matched, not off what was written', async (t) => {
  await using backend = await RawBackend.start();
  const rewrite: Filter = { kind: 'rewrite', path: { kind: 'prefix', match: '/api', value: '/' } };
  const rules = [rule({ matches: [prefix('/api')], filters: [rewrite] }), rule({ index: 1 })];
  await using proxy = await TestProxy.start([backend.port], { rules });
  for (const [attack, target, arrives] of CUT)
    await t.test(`${attack}: ${target}`, async () => {
      const before = backend.requests.length;
      const { status } = await ask(proxy.port, `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
      assert.equal(status, arrives === '' ? 400 : 200);
      assert.equal(backend.requests[before]?.head.split(' ')[1] ?? '', arrives);
    });
});

test('CVE-2022-31150, CVE-2022-35948: escaped line ends stay escaped, in paths, queries and redirects', async () => {
  await using backend = await RawBackend.start();
  const redirect: Filter = {
    kind: 'redirect',
    status: 302,
    path: { kind: 'prefix', match: '/old', value: '/new' },
  };
  const rules = [rule({ matches: [prefix('/old')], filters: [redirect], backends: [] }), rule({ index: 1 })];
  await using proxy = await TestProxy.start([backend.port], { rules });
  const target = '/a%0d%0aX-Injected:%20b?c=%0d%0aX-Injected:%20d';
  assert.equal((await ask(proxy.port, `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)).status, 200);
  const [first = ''] = backend.requests.at(-1)!.head.split('\r\n');
  assert.equal(first, `GET ${target.replace('%0d%0aX', '%0D%0AX')} HTTP/1.1`);
  const { status, headers } = await ask(proxy.port, `GET /old${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
  assert.deepEqual([status, headers.get('x-injected')], [302, undefined]);
  assert.match(headers.get('location') ?? '', /^http:\/\/a(:\d+)?\/new\/a%0D%0AX-Injected/);
});

function prefix(value: string): Match {
  return { path: { kind: 'prefix', value }, ...NONE };
}

function exact(value: string): Match {
  return { path: { kind: 'exact', value }, ...NONE };
}

function mark(value: string): Filter {
  return { kind: 'request-headers', set: [{ name: 'x-mark', value }], add: [], remove: [] };
}
