import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fault from './fault.ts';
import { hostOf } from './host.ts';
import { normalizePath, Target } from './target.ts';

const NORMAL: readonly (readonly [raw: string, path: string])[] = [
  ['/', '/'],
  ['/a/b', '/a/b'],
  ['/a/b/', '/a/b/'],
  ['/.well-known/x', '/.well-known/x'],
  ['/a/...', '/a/...'],
  ['/a/./b', '/a/b'],
  ['/a/.', '/a/'],
  ['/.', '/'],
  ['/a/../b', '/b'],
  ['/a/..', '/'],
  ['/a/b/..', '/a/'],
  ['/a/b/../', '/a/'],
  ['//', '/'],
  ['//a', '/a'],
  ['/a//b///c', '/a/b/c'],
  ['/%61dmin', '/admin'],
  ['/%2e%2E/', '' /* above the root, below */],
  ['/a/%2e%2e/b', '/b'],
  ['/a/.%2e/b', '/b'],
  ['/%7Euser', '/~user'],
  ['/a%2fb', '/a%2Fb'],
  ['/a%5cb', '/a%5Cb'],
  ['/a%20b', '/a%20b'],
  ['/%c3%a9', '/%C3%A9'],
  ['/a;b=c', '/a;b=c'],
  // Unescaped once, never twice: %25 stays.
  ['/%252e%252e/', '/%252e%252e/'],
];

for (const [raw, path] of NORMAL)
  if (path !== '') test(`path ${raw} becomes ${path}`, () => assert.equal(normalizePath(raw), path));

test('normalising what is normal changes nothing', () => {
  for (const [, path] of NORMAL) if (path !== '') assert.equal(normalizePath(path), path);
});

const REFUSED: readonly (readonly [raw: string, fault: number])[] = [
  ['/..', fault.PATH_ABOVE_ROOT],
  ['/%2e%2E/', fault.PATH_ABOVE_ROOT],
  ['/a/../../b', fault.PATH_ABOVE_ROOT],
  ['/a//../../b', fault.PATH_ABOVE_ROOT],
  ['/a\\b', fault.PATH_BACKSLASH],
  ['/%', fault.ESCAPE_INVALID],
  ['/%4', fault.ESCAPE_INVALID],
  ['/%zz', fault.ESCAPE_INVALID],
  ['/a%00b', fault.PATH_NUL],
  ['/public/..%2fadmin', fault.PATH_HIDDEN_DOTS],
  ['/public/%2e%2e%2fadmin', fault.PATH_HIDDEN_DOTS],
  ['/public%5c..%5cadmin', fault.PATH_HIDDEN_DOTS],
  ['/a%2f.', fault.PATH_HIDDEN_DOTS],
];

for (const [raw, expected] of REFUSED)
  test(`path ${raw} is refused`, () => assert.equal(normalizePath(raw), expected));

test('the forms of a target', () => {
  const target = new Target();
  assert.equal(target.read('http://Example.com:80/a/../b?c=/../d', 'GET'), fault.DONE);
  assert.deepEqual(
    [target.authority, target.path, target.query, target.text],
    ['Example.com:80', '/b', 'c=/../d', '/b?c=/../d'],
  );
  assert.ok(target.changed);
  assert.equal(target.read('HTTPS://a?x', 'GET'), fault.DONE);
  assert.deepEqual([target.authority, target.path, target.query], ['a', '/', 'x']);
  assert.equal(target.read('/%2e/a?%2e', 'GET'), fault.DONE);
  assert.deepEqual([target.authority, target.text, target.changed], [undefined, '/a?%2e', true]);
  assert.equal(target.read('/.well-known', 'GET'), fault.DONE);
  assert.equal(target.changed, false);
  assert.equal(target.read('*', 'OPTIONS'), fault.DONE);
  for (const [text, method] of [
    ['*', 'GET'],
    ['a/b', 'GET'],
    ['ftp://a/b', 'GET'],
    ['a:443', 'GET'],
    ['?x', 'GET'],
  ] as const)
    assert.equal(target.read(text, method), fault.TARGET_FORM_INVALID, text);
});

test('hosts in their one form', () => {
  const good = {
    'Example.COM': 'example.com',
    'example.com.': 'example.com',
    'a:8080': 'a',
    'a:': 'a',
    'a_b.c-d': 'a_b.c-d',
    '127.0.0.1:1': '127.0.0.1',
    '[::1]:80': '[::1]',
    '[FE80::A]': '[fe80::a]',
  };
  for (const [authority, host] of Object.entries(good)) assert.equal(hostOf(authority), host, authority);
  const bad = [
    '',
    '.',
    '..',
    'a..b',
    '.a',
    'a b',
    'a@b',
    'a/b',
    'a?b',
    'a#b',
    'a,b',
    'a\\b',
    'a:b',
    'a:65536',
    'a:1:2',
    '[::1',
    '::1',
    '[x]',
    '[::1]a',
    'a%41',
    "a'b",
    '[fe80::1%25eth0]',
    'x'.repeat(256),
  ];
  for (const authority of bad) assert.equal(hostOf(authority), undefined, authority);
});
