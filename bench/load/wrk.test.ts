import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWrk } from './wrk.ts';

const REPORT = `Running 2s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.16ms  631.14us  12.13ms   88.12%
    Req/Sec    53.10k     3.20k   60.00k    70.00%
  Latency Distribution
     50%  981.00us
     75%    1.30ms
     90%    1.80ms
     99%    3.21ms
  105800 requests in 2.10s, 120.10MB read
Requests/sec:  50380.95
Transfer/sec:     57.19MB
`;

test('times are read in every unit, into microseconds', () => {
  assert.deepEqual(parseWrk(REPORT), { requests: 105800, seconds: 2.1, p50us: 981, p99us: 3210, errors: 0 });
  assert.equal(parseWrk(REPORT.replace('3.21ms', '1.02s')).p99us, 1_020_000);
  assert.equal(parseWrk(REPORT.replace('in 2.10s', 'in 1.50m')).seconds, 90);
});

test('bad answers and socket errors add up', () => {
  const errors = `  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 50\n`;
  const report = parseWrk(REPORT + errors);
  assert.equal(report.errors, 60);
  assert.equal(
    report.problems,
    'Socket errors: connect 1, read 2, write 3, timeout 4, Non-2xx or 3xx responses: 50',
  );
});

test('the bytes of all answers are read where the script tells them', () => {
  assert.equal(parseWrk(`${REPORT}bytes 125940736\n`).bytes, 125_940_736);
  assert.equal(parseWrk(REPORT).bytes, undefined);
});

test('what is no report is refused with what it says', () => {
  assert.throws(() => parseWrk('unable to connect to 127.0.0.1:1'), /unable to connect/);
});
