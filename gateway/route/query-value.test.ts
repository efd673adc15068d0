import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { findQueryValue } from './query-value.ts';

test('finds a parameter by its whole name', () => {
  assert.equal(findQueryValue('animal=whale&color=blue', 'color'), 'blue');
  assert.equal(findQueryValue('animal=whale', 'anima'), undefined);
  assert.equal(findQueryValue('animals=whale', 'animal'), undefined);
  assert.equal(findQueryValue('', 'animal'), undefined);
});

test('names are case-sensitive', () => {
  assert.equal(findQueryValue('ANIMAL=whale', 'animal'), undefined);
});

test('of repeated parameters the first counts', () => {
  assert.equal(findQueryValue('a=1&a=2', 'a'), '1');
});

test('a parameter may have no value, or one with equals signs', () => {
  assert.equal(findQueryValue('debug&x=1', 'debug'), '');
  assert.equal(findQueryValue('token=a=b==', 'token'), 'a=b==');
});

test('names and values are decoded', () => {
  assert.equal(findQueryValue('q=a%20b+c', 'q'), 'a b c');
  assert.equal(findQueryValue('%71=1', 'q'), '1');
  assert.equal(findQueryValue('q=%E2%82%AC', 'q'), '€');
});

test('a malformed escape stands for itself', () => {
  assert.equal(findQueryValue('q=100%', 'q'), '100%');
  assert.equal(findQueryValue('q=%ff', 'q'), '%ff');
});

test('agrees with URLSearchParams on what that writes', () => {
  const pairs = fc.array(
    fc.tuple(fc.string({ unit: 'grapheme', maxLength: 3 }), fc.string({ unit: 'grapheme' })),
  );
  fc.assert(
    fc.property(pairs, (entries) => {
      const params = new URLSearchParams(entries);
      const query = params.toString();
      for (const [name] of entries) {
        if (name !== '') assert.equal(findQueryValue(query, name), params.get(name) ?? undefined);
      }
    }),
  );
});
