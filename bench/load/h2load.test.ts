import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseH2load } from './h2load.ts';

const REPORT = `finished in 1.01s, 3000.00 req/s, 22.01MB/s
requests: 3000 total, 3256 started, 3000 done, 3000 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 3000 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 3.01MB (3161088) total, 87.89KB (90000) headers (space savings 94.73%), 2.93MB (3072000) data
                     min         max         mean         sd        +/- sd
time for request:      159us      6.11ms       569us       502us    97.66%
`;

test('requests that succeeded and the bytes of their bodies', () => {
  assert.deepEqual(parseH2load(REPORT), { requests: 3000, errors: 0, bodyBytes: 3_072_000 });
});

test('failures and other statuses are errors, not requests', () => {
  const failed = REPORT.replace('3000 succeeded, 0 failed', '2990 succeeded, 10 failed');
  assert.deepEqual(parseH2load(failed), { requests: 2990, errors: 10, bodyBytes: 3_072_000 });
  assert.equal(parseH2load(REPORT.replace('2xx, 0 3xx, 0 4xx', '2xx, 1 3xx, 2 4xx')).errors, 3);
});

test('what is no report, or one without an answer, is refused with what it says', () => {
  assert.throws(() => parseH2load('unable to connect'), /no request; it wrote:\nunable to connect/);
  assert.throws(() => parseH2load(REPORT.replace('3000 done', '0 done')), /completed no request/);
});
