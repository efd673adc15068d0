import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readValue, showValue, type Flag, type FlagType, type FlagValue } from './flag.ts';

const flag = (type: FlagType, more: Partial<Flag> = {}): Flag => ({ name: 'x', type, doc: '', ...more });
const read = (type: FlagType, text: string, more: Partial<Flag> = {}): FlagValue => {
  const result = readValue(flag(type, more), text);
  return 'value' in result ? result.value : result.problem;
};

test('durations are those of the Gateway API, or milliseconds', () => {
  assert.equal(read('duration', '0'), 0);
  assert.equal(read('duration', '250'), 250);
  assert.equal(read('duration', '250ms'), 250);
  assert.equal(read('duration', '1m30s'), 90_000);
  assert.equal(read('duration', '2h'), 7_200_000);
  for (const bad of ['', 's', '1d', '1.5s', '-1s', '1s ', '1s1', '1e3', '99999999s'])
    assert.match(String(read('duration', bad)), /^must be a duration/, bad);
});

test('sizes are Kubernetes quantities', () => {
  assert.equal(read('bytes', '32768'), 32_768);
  assert.equal(read('bytes', '64Ki'), 65_536);
  assert.equal(read('bytes', '1Mi'), 1_048_576);
  assert.equal(read('bytes', '2k'), 2000);
  for (const bad of ['', 'Ki', '1KB', '1.5Mi', '-1', '0x10', '99999999999999Gi'])
    assert.match(String(read('bytes', bad)), /^must be a size/, bad);
});

test('numbers are whole, exact and within their bounds', () => {
  const port = { least: 0, most: 65_535 };
  assert.equal(read('integer', '0', port), 0);
  assert.equal(read('integer', '65535', port), 65_535);
  assert.equal(read('integer', '65536', port), 'must be at most 65535, not 65536');
  assert.equal(read('integer', '0', { least: 1 }), 'must be at least 1, not 0');
  for (const bad of ['', '-1', '1.5', '1e3', '0x10', 'one', ' 1', '9007199254740993'])
    assert.match(String(read('integer', bad)), /^must be a whole number/, bad);
});

test('choices are closed, booleans take no value', () => {
  const engine = { choices: ['epoll', 'net'] };
  assert.equal(read('text', 'net', engine), 'net');
  assert.equal(read('text', 'poll', engine), 'must be epoll or net, not "poll"');
  assert.equal(read('boolean', 'false'), 'takes no value');
});

test('a shown value reads back as itself', () => {
  for (const value of [0, 1, 999, 1000, 1500, 60_000, 90_000, 3_600_000]) {
    assert.equal(read('duration', showValue(flag('duration'), value)), value);
    assert.equal(read('bytes', showValue(flag('bytes'), value * 1024)), value * 1024);
  }
  assert.equal(showValue(flag('duration'), 30_000), '30s');
  assert.equal(showValue(flag('bytes'), 65_536), '64Ki');
});
