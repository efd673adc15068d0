import assert from 'node:assert/strict';
import test from 'node:test';
import v8 from 'node:v8';
import { compileRegex, literalPrefix, proveRegex } from './regex.ts';

test(
  'without the linear engine nothing is proven',
  { skip: engineIsOn() && 'the engine is already on' },
  () => {
    assert.match(proveRegex('/a')?.error ?? '', /engine for it is off/);
  },
);

test('with the linear engine', async (t) => {
  v8.setFlagsFromString('--enable-experimental-regexp-engine');
  const accepted = [
    '/api/v[0-9]+/.*',
    '/(en|de|fr)(/.*)?',
    '/(a+)+b',
    '[^/]+\\.js',
    '/[\\w-]{1,63}/[0-9a-f]{32}',
    '/x{200,}',
    '/a\\.b\\/c',
    '(?<version>v[12])',
    '/x*?y',
    '',
  ];
  for (const source of accepted) {
    await t.test(`accepts ${source}`, () => assert.equal(proveRegex(source), undefined));
  }
  const refused: [string, RegExp][] = [
    ['(a)\\1', /back-reference/],
    ['(?<n>a)\\k<n>', /back-reference/],
    ['(?=a)b', /look-around/],
    ['(?!a)b', /look-around/],
    ['(?<=a)b', /look-around/],
    ['(?<!a)b', /look-around/],
    ['(?i)abc', /the group \(\?i/],
    ['(?P<n>a)', /\(\?P<name>/],
    ['[[:alpha:]]', /\[:class:\]/],
    ['[]a]', /first character of a class/],
    ['\\pL', /escape \\p/],
    ['\\z', /escape \\z/],
    ['\\Aabc', /escape \\A/],
    ['[\\b]', /escape \\b/],
    ['(a', /not a regular expression/],
    ['a**', /not a regular expression/],
    ['[z-a]', /not a regular expression/],
    ['a)(b', /not a regular expression/],
    ['a{1,257}', /linear time/],
    ['(ab){17}', /linear time/],
  ];
  for (const [source, reason] of refused) {
    await t.test(`refuses ${source}`, () => assert.match(proveRegex(source)?.error ?? 'accepted', reason));
  }
});

test('the whole text must match', () => {
  const regex = compileRegex('/a|/b');
  assert.equal(regex.test('/a'), true);
  assert.equal(regex.test('/b'), true);
  assert.equal(regex.test('/ab'), false);
  assert.equal(regex.test('x/b'), false);
});

test('counted repetitions mean what they say', () => {
  for (const [low, high] of [
    [1, 63],
    [0, 17],
    [20, 20],
    [16, 40],
  ] as const) {
    for (const source of [`[ab]{${low},${high}}`, `(x|y)\\.{${low},${high}}?`, `a\\x41{${low},${high}}`]) {
      const regex = compileRegex(source);
      const plain = new RegExp(`^(?:${source})$`);
      for (let length = 0; length <= high + 2; length++) {
        for (const text of [
          'ab'.repeat(length).slice(0, length),
          `x${'.'.repeat(length)}`,
          `a${'A'.repeat(length)}`,
        ]) {
          assert.equal(regex.test(text), plain.test(text), `${source} on ${text}`);
        }
      }
    }
  }
});

test('braces inside a class are characters', () => {
  assert.equal(compileRegex('[a{20}]').test('{'), true);
  assert.equal(compileRegex('\\[a{20}\\]').test(`[${'a'.repeat(20)}]`), true);
});

test('literalPrefix gives only what every match starts with', () => {
  assert.equal(literalPrefix('/api/v[0-9]'), '/api/v');
  assert.equal(literalPrefix('^/api/'), '/api/');
  assert.equal(literalPrefix('/ab*'), '/a');
  assert.equal(literalPrefix('/ab{2}'), '/a');
  assert.equal(literalPrefix('/a|/b'), '');
  assert.equal(literalPrefix('/a\\.b'), '/a');
  assert.equal(literalPrefix('.*'), '');
  assert.equal(literalPrefix(''), '');
});

function engineIsOn(): boolean {
  try {
    // oxlint-disable-next-line no-invalid-regexp -- V8's own flag
    return new RegExp('a', 'l') instanceof RegExp;
  } catch {
    return false;
  }
}
