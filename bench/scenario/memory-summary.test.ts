import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeldReport } from '../load/holder.ts';
import type { Memory } from '../machine/memory.ts';
import type { Sample } from './http1-sample.ts';
import { summarizeMemory, type HeldMeasure } from './memory-summary.ts';

const memory = (mb: number): Memory => ({ rssBytes: mb * 1e6, privateBytes: (mb - 10) * 1e6 });
const all = (good: number): HeldReport => ({ good, bad: 0, error: '' });
const held = (mb: number, answered: HeldReport = all(10_000)): HeldMeasure => ({
  wanted: 10_000,
  between: 9000,
  before: memory(100),
  after: memory(100 + mb),
  opened: all(10_000),
  answered,
});
const sample = (cpuUs: number, p99us: number, errors = 0): Sample => ({
  cpuUs,
  perSecond: 1,
  coreUse: 1,
  p50us: 100,
  p99us,
  rssBytes: 1,
  errors,
});

test('bytes of a connection are the median round, and the fewest that answered count', () => {
  const measures = { 'idle-http1': [held(90), held(45), held(18)], 'idle-websocket': [held(9)] };
  const result = summarizeMemory(measures, { sluice: '1' }, { rounds: 3 });
  assert.deepEqual(result.json['figures'], {
    'idle-http1': {
      'RSS, bytes each': 5000,
      'private, bytes each': 5000,
      'held, and answering at the end': 10_000,
    },
    'idle-websocket': {
      'RSS, bytes each': 1000,
      'private, bytes each': 1000,
      'held, and answering at the end': 10_000,
    },
  });
  assert.deepEqual(result.faults, []);
  assert.deepEqual(result.notes, ['3 of 3 goals met']);
  assert.match(result.table, /^idle-http1: RSS, bytes each +5000 +<= 6144 +yes$/m);
});

test('connections that no longer answer are a fault, those that the machine does not allow a note', () => {
  const lost = held(9, { good: 9990, bad: 10, error: 'cut' });
  const result = summarizeMemory({ 'idle-websocket': [lost] }, {}, {});
  assert.deepEqual(result.faults, ['idle-websocket: 10 exchanges failed: cut']);
  assert.match(result.table, /at the end +9990 +>= 10000 +NO/);
  const few: HeldMeasure = { ...held(9), opened: all(900), answered: all(900) };
  assert.match(summarizeMemory({ 'idle-websocket': [few] }, {}, {}).notes[0]!, /allows 900 .*, not 10000$/);
});

test('routes and lookups against their goals', () => {
  const routes = {
    routes: 5000,
    bare: memory(90),
    ready: memory(120),
    used: memory(151),
    answered: all(5000),
  };
  const lookup = {
    few: { routes: 10, rounds: [sample(10, 1000), sample(12, 900), sample(11, 800)] },
    many: { routes: 100_000, rounds: [sample(15, 1400, 2)] },
  };
  const result = summarizeMemory({ routes, lookup }, {}, {});
  assert.match(result.table, /^routes: RSS after a request to each, MB +151 +<= 150 +NO$/m);
  assert.match(result.table, /^lookup: CPU us\/request, many to few +1.364 +<= 1.5 +yes$/m);
  assert.match(result.table, /^lookup: p99 us, many to few +1.556 +<= 1.5 +NO$/m);
  assert.deepEqual(result.faults, ['lookup: 2 bad answers among 100000 routes']);
});
