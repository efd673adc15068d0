import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarizeEngine, type EngineCell, type EngineTurn } from './engine-summary.ts';

const turn = (us: number): EngineTurn => ({ cpuNs: us * 1e6, requests: 1000, seconds: 1, rssBytes: 50e6 });
const cell = (...us: number[]): EngineCell => ({ rounds: us.map((one) => [turn(one), turn(one)]) });

test('the last line has the median cost of each scenario and proxy', () => {
  const result = summarizeEngine(
    {
      'http1-1k': { nginx: cell(20, 40, 19), haproxy: cell(20), envoy: cell(50), sluice: cell(18.5, 18, 90) },
      websocket: { nginx: cell(10), sluice: cell(11) },
    },
    { nginx: '1' },
    { rounds: 3 },
  );
  assert.deepEqual(result.json['cpuPerRequest'], {
    'http1-1k': { nginx: 20, haproxy: 20, envoy: 50, sluice: 18.5 },
    websocket: { nginx: 10, sluice: 11 },
  });
  assert.equal(result.json['rounds'], 3);
  assert.deepEqual(result.json['goals'], [
    { scenario: 'http1-1k', to: 'nginx', atMost: 0.95, ratio: 0.925, met: true },
    { scenario: 'http1-1k', to: 'haproxy', atMost: 0.9, ratio: 0.925, met: false },
    { scenario: 'http1-1k', to: 'envoy', atMost: 0.33, ratio: 0.37, met: false },
    { scenario: 'websocket', to: 'nginx', atMost: 1, ratio: 1.1, met: false },
  ]);
  assert.match(result.notes.at(-1)!, /^1 of 4 goals met; missed: http1-1k 0.925x haproxy, not 0.9x,/);
  assert.match(result.notes[0]!, /^http1-1k: the rounds of nginx differ by 105 %/);
  assert.match(result.table, /^http1-1k nginx +20\.00 +19\.00 +40\.00 +0\.93x +0\.95x +yes +1000 +2 %/m);
  assert.match(result.table, /^websocket nginx .* 1\.10x +1x +NO/m);
  assert.deepEqual(result.faults, []);
});

test('what a peer cannot do is null and told; what Sluice cannot do is a fault', () => {
  const leftOut: EngineCell = { rounds: [], leftOut: 'no HTTP/2' };
  const row = { nginx: leftOut, haproxy: cell(20), sluice: cell(8) };
  const peer = summarizeEngine({ 'h2c-to-http1': row }, {}, {});
  assert.deepEqual(peer.json['cpuPerRequest'], { 'h2c-to-http1': { nginx: null, haproxy: 20, sluice: 8 } });
  assert.deepEqual(peer.json['leftOut'], { 'h2c-to-http1': { nginx: 'no HTTP/2' } });
  assert.equal(peer.notes[0], 'h2c-to-http1 leaves out nginx: no HTTP/2');
  assert.deepEqual(peer.faults, []);
  const own = summarizeEngine({ 'h2c-to-http1': { ...row, sluice: leftOut } }, {}, {});
  assert.deepEqual(own.faults, ['h2c-to-http1 sluice: no HTTP/2']);
  assert.match(own.notes.at(-1)!, /^0 of 2 goals met$/);
  assert.match(own.table, /^h2c-to-http1 sluice +left out/m);
});

test('wrong work has no figure, whatever was measured before', () => {
  const wrong: EngineCell = { rounds: [[turn(5)]], fault: '3 wrong' };
  const result = summarizeEngine({ websocket: { nginx: wrong, sluice: cell(12) } }, {}, {});
  assert.deepEqual(result.json['cpuPerRequest'], { websocket: { nginx: null, sluice: 12 } });
  assert.deepEqual(result.json['errors'], { websocket: { nginx: '3 wrong' } });
  assert.deepEqual(result.faults, ['websocket nginx: 3 wrong']);
  assert.match(result.table, /^websocket nginx +wrong/m);
});
