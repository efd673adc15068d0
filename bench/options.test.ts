import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePeers, chooseScenarios, parseBenchOptions } from './options.ts';

test('defaults depend on the scenario', () => {
  assert.deepEqual(parseBenchOptions(['http1', '--json']), {
    scenario: 'http1',
    rounds: 5,
    duration: 3,
    peers: undefined,
    scenarios: undefined,
  });
  const connect = parseBenchOptions(['connect']);
  assert.deepEqual([connect?.rounds, connect?.duration], [11, 1]);
  assert.equal(parseBenchOptions(['--help']), undefined);
});

test('wrong flags are refused by name', () => {
  assert.throws(() => parseBenchOptions([]), /one scenario is needed/);
  assert.throws(() => parseBenchOptions(['http1', 'connect']), /one scenario is needed/);
  assert.throws(() => parseBenchOptions(['http1', '--rounds', '0']), /--rounds takes a whole number/);
  assert.throws(() => parseBenchOptions(['http1', '--duration', '1.5']), /--duration takes a whole number/);
  assert.throws(() => parseBenchOptions(['http1', '--scenarios', 'a']), /--scenarios is for engine/);
});

test('peers are chosen by name, in their own order', () => {
  const all = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
  assert.deepEqual(choosePeers(all, undefined), all);
  assert.deepEqual(choosePeers(all, ['c', 'a']), [{ name: 'a' }, { name: 'c' }]);
  assert.throws(() => choosePeers(all, ['d']), /no 'd'; there are a, b, c/);
});

test('parts of a bench are chosen by name, in their own order', () => {
  assert.deepEqual(parseBenchOptions(['engine', '--scenarios', 'b,a'])?.scenarios, ['b', 'a']);
  assert.deepEqual(chooseScenarios(['a', 'b', 'c'], ['c', 'a']), ['a', 'c']);
  assert.deepEqual(chooseScenarios(['a', 'b'], undefined), ['a', 'b']);
  assert.throws(() => chooseScenarios(['a', 'b'], ['d']), /no 'd'; there are a, b/);
});
