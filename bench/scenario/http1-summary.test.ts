import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from './http1-sample.ts';
import { summarizeHttp1 } from './http1-summary.ts';

const sample = (cpuUs: number, errors = 0): Sample => ({
  cpuUs,
  perSecond: 1e6 / cpuUs,
  coreUse: 1,
  p50us: 1000,
  p99us: 2000,
  rssBytes: 50e6,
  errors,
});

test('the median counts, and the ratio is ours to theirs', () => {
  const result = summarizeHttp1(
    { nginx: [sample(20), sample(40), sample(16)], sluice: [sample(15), sample(14), sample(90)] },
    { nginx: '1', sluice: '2' },
    { rounds: 3 },
  );
  assert.deepEqual(result.json['cpuPerRequest'], { nginx: 20, sluice: 15 });
  assert.deepEqual(result.json['requestsPerSecond'], { nginx: 50_000, sluice: 66_667 });
  assert.deepEqual(result.json['ratio'], { nginx: 0.75, sluice: 1 });
  assert.equal(result.json['rounds'], 3);
  assert.deepEqual(result.faults, []);
  assert.match(
    result.notes.join('\n'),
    /^the rounds of nginx differ by 120 %.*\nthe rounds of sluice differ/,
  );
  assert.match(result.table, /^nginx +20\.00 +16\.00 +40\.00 +0\.75x/m);
});

test('an error in any round spoils the result, by name', () => {
  const result = summarizeHttp1({ envoy: [sample(50), sample(50, 3)] }, {}, {});
  assert.deepEqual(result.faults, ['envoy: 3 answers that were not 2xx, or socket errors']);
  assert.equal('ratio' in result.json, false);
  assert.deepEqual(result.notes, []);
});
