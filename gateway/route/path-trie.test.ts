import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { PathTrie } from './path-trie.ts';

const trie = (...prefixes: string[]): PathTrie<string> =>
  new PathTrie(new Map(prefixes.map((prefix) => [prefix, prefix])));

test('matches whole path elements only', () => {
  const paths = trie('/shop');
  assert.equal(paths.find('/shop')?.value, '/shop');
  assert.equal(paths.find('/shop/')?.value, '/shop');
  assert.equal(paths.find('/shop/cart')?.value, '/shop');
  assert.equal(paths.find('/shops'), undefined);
  assert.equal(paths.find('/sho'), undefined);
  assert.equal(paths.find('/'), undefined);
});

test("'/' matches every path, but not the asterisk of OPTIONS", () => {
  const paths = trie('/');
  assert.equal(paths.find('/')?.value, '/');
  assert.equal(paths.find('/a/b')?.value, '/');
  assert.equal(paths.find('*'), undefined);
  assert.equal(paths.find('')?.value, '/');
});

test('the longest prefix wins and knows the shorter ones that match too', () => {
  const paths = trie('/', '/a', '/a/b', '/a/bc', '/a/b/c', '/ab');
  const chain: string[] = [];
  for (let entry = paths.find('/a/b/c/d'); entry !== undefined; entry = entry.shorter)
    chain.push(entry.value);
  assert.deepEqual(chain, ['/a/b/c', '/a/b', '/a', '/']);
  assert.equal(paths.find('/ab')?.shorter?.value, '/');
});

test('agrees with comparing every prefix, in any order of insertion', () => {
  const element = fc.constantFrom('a', 'ab', 'abc', 'b', '');
  const path = fc.array(element, { maxLength: 4 }).map((elements) => `/${elements.join('/')}`);
  const prefix = path.map((text) => text.replace(/\/+$/, '') || '/');
  fc.assert(
    fc.property(fc.uniqueArray(prefix, { maxLength: 12 }), fc.array(path), (prefixes, requests) => {
      const paths = trie(...prefixes);
      for (const request of requests) {
        const expected = prefixes.filter((key) => covers(key, request)).sort((a, b) => b.length - a.length);
        const found: string[] = [];
        for (let entry = paths.find(request); entry !== undefined; entry = entry.shorter)
          found.push(entry.value);
        assert.deepEqual(found, expected, `${request} in ${prefixes.join(' ')}`);
      }
    }),
    { numRuns: 500 },
  );
});

function covers(prefix: string, path: string): boolean {
  return prefix === '/' || path === prefix || path.startsWith(`${prefix}/`);
}
