// The name that was probably meant.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './nearest.ts';

const FIELDS = ['backendRefs', 'filters', 'matches', 'name', 'timeouts'];

test('typing errors find their name', () => {
  assert.equal(nearest('backendRef', FIELDS), 'backendRefs');
  assert.equal(nearest('BackendRefs', FIELDS), 'backendRefs');
  assert.equal(nearest('backendrefs', FIELDS), 'backendRefs');
  assert.equal(nearest('mathces', FIELDS), 'matches');
  assert.equal(nearest('filter', FIELDS), 'filters');
  assert.equal(nearest('nmae', FIELDS), 'name');
  assert.equal(nearest('match', FIELDS), 'matches');
  assert.equal(nearest('Prefix', ['Exact', 'PathPrefix']), 'PathPrefix');
});

test('something else finds nothing', () => {
  assert.equal(nearest('retries', FIELDS), undefined);
  assert.equal(nearest('x', FIELDS), undefined);
  assert.equal(nearest('anything', []), undefined);
  // Held by two: a guess would be one too many.
  assert.equal(nearest('Header', ['requestHeaderModifier', 'responseHeaderModifier']), undefined);
});
