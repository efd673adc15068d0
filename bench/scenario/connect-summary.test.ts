import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectReport } from '../load/connect.ts';
import { summarizeConnect } from './connect-summary.ts';

const report = (p50us: number, error = ''): ConnectReport => ({
  connects: 1000,
  errors: error === '' ? 0 : 2,
  error,
  seconds: 0.5,
  p50us,
  p99us: p50us * 2,
});

test('the ratio is of medians, to the direct connect', () => {
  const { json, table, faults } = summarizeConnect(
    { direct: [report(20), report(10), report(30)], sluice: [report(22)] },
    {},
    { services: 3 },
  );
  assert.deepEqual(json['p50us'], { direct: 20, sluice: 22 });
  assert.deepEqual(json['ratio'], { direct: 1, sluice: 1.1 });
  assert.deepEqual(json['connectsPerSecond'], { direct: 2000, sluice: 2000 });
  assert.equal(json['services'], 3);
  assert.match(table, /^sluice +22\.00 +1\.100x/m);
  assert.deepEqual(faults, []);
});

test('a failed connect spoils the result, by name and reason', () => {
  const { faults } = summarizeConnect({ nftables: [report(20, 'Connection refused')] }, {}, {});
  assert.deepEqual(faults, ['nftables: 2 connects failed (Connection refused)']);
});
