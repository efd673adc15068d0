import assert from 'node:assert/strict';
import test from 'node:test';
import { modifyPath, parsePathModifier } from './path-modifier.ts';

// The table of HTTPPathModifier.replacePrefixMatch: request path, prefix match, replacement, modified path.
const TABLE = [
  ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
  ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
  ['/foo/bar', '/foo/', '/xyz', '/xyz/bar'],
  ['/foo/bar', '/foo/', '/xyz/', '/xyz/bar'],
  ['/foo', '/foo', '/xyz', '/xyz'],
  ['/foo/', '/foo', '/xyz', '/xyz/'],
  ['/foo/bar', '/foo', '', '/bar'],
  ['/foo/', '/foo', '', '/'],
  ['/foo', '/foo', '', '/'],
  ['/foo/', '/foo', '/', '/'],
  ['/foo', '/foo', '/', '/'],
  // Beyond the table: a rule that matches everything.
  ['/bar', '/', '/xyz', '/xyz/bar'],
  ['/', '/', '/xyz', '/xyz/'],
] as const;

for (const [path, match, value, expected] of TABLE) {
  test(`${path} with prefix ${match} replaced by '${value}' becomes ${expected}`, () => {
    assert.equal(modifyPath(path, { kind: 'prefix', match, value }), expected);
  });
}

test('a full path replaces everything', () => {
  assert.equal(modifyPath('/a/b', { kind: 'full', value: '/c' }), '/c');
});

test('replacements are absolute paths without query, fragment or line end', () => {
  for (const value of ['c', '/c?x=1', '/c#x', '/c\r\nx', '/c d', '/%zz', '']) {
    const { issues } = parsePathModifier({ type: 'ReplaceFullPath', replaceFullPath: value }, '/', 'f');
    assert.equal(issues[0]?.field, 'f.replaceFullPath', value);
  }
  assert.deepEqual(
    parsePathModifier({ type: 'ReplacePrefixMatch', replacePrefixMatch: '' }, '/a', 'f').issues,
    [],
  );
});

test('a prefix can only be replaced where one prefix is matched', () => {
  const { issues } = parsePathModifier(
    { type: 'ReplacePrefixMatch', replacePrefixMatch: '/b' },
    undefined,
    'f',
  );
  assert.match(issues[0]?.message ?? '', /exactly one match/);
});
