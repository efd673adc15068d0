import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Rule } from '../model/route.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { compileSchedule } from './schedule.ts';
import { openCounters, WeightCells } from './weight-counters.ts';
import { pickByWeight } from './weight.ts';

const rule = (index: number, ...weights: number[]): Rule => ({
  route: 'default/r',
  index,
  matches: [],
  filters: [],
  backends: weights.map((weight) => ({ weight, cluster: `c${weight}`, filters: [] })),
});

const snapshot = (...rules: Rule[]): Snapshot => ({
  revision: 1,
  ports: [
    {
      port: 80,
      protocol: 'HTTP',
      listeners: [{ name: 'a/g/l', hostname: '', hosts: [{ hostname: '', rules }] }],
    },
  ],
  services: [],
  clusters: [],
});

test('only rules with two or more weights above zero get a cell', () => {
  const plan = new WeightCells().plan(snapshot(rule(0, 1), rule(1, 1, 0), rule(2, 1, 2)));
  assert.deepEqual([...plan.cells.keys()], ['a/g/l default/r 2']);
});

test('a rule keeps its cell while others come and go, and a free cell rests for one plan', () => {
  const cells = new WeightCells(3);
  const first = cells.plan(snapshot(rule(0, 1, 1), rule(1, 1, 1))).cells;
  const second = cells.plan(snapshot(rule(1, 5, 5), rule(2, 1, 1))).cells;
  assert.equal(second.get('a/g/l default/r 1'), first.get('a/g/l default/r 1'));
  assert.equal(second.get('a/g/l default/r 2'), 2);
  const third = cells.plan(snapshot(rule(1, 1, 1), rule(2, 1, 1), rule(3, 1, 1))).cells;
  assert.equal(third.get('a/g/l default/r 3'), first.get('a/g/l default/r 0'));
});

test('beyond the capacity a rule counts on its own', () => {
  const plan = new WeightCells(1).plan(snapshot(rule(0, 1, 1), rule(1, 1, 1)));
  const counters = openCounters(plan, 'a/g/l');
  assert.equal(counters.cellOf(rule(0, 1, 1)).cells.buffer, plan.buffer);
  assert.notEqual(counters.cellOf(rule(1, 1, 1)).cells.buffer, plan.buffer);
});

test('the counter wraps without disturbing the order', () => {
  const schedule = compileSchedule([1, 2]);
  assert.ok(schedule !== undefined);
  const cell = { cells: new Int32Array(1), index: 0 };
  cell.cells[0] = 2 ** 30 - 2;
  const picked = Array.from({ length: 6 }, () => pickByWeight(schedule, cell));
  assert.deepEqual(
    picked,
    Array.from({ length: 6 }, (_, i) => schedule.at(2 ** 30 - 2 + i)),
  );
  assert.ok((cell.cells[0] ?? 0) < 10);
});

test('a split is exact over all workers together', async () => {
  const plan = new WeightCells().plan(snapshot(rule(0, 90, 10)));
  const source = `
    const { parentPort, workerData } = await import('node:worker_threads');
    const { openCounters } = await import(workerData.base + 'weight-counters.ts');
    const { CompiledRule } = await import(workerData.base + 'compiled-rule.ts');
    const rule = new CompiledRule(workerData.rule, openCounters(workerData.plan, 'a/g/l'));
    let light = 0;
    for (let i = 0; i < 2500; i++) if (rule.pickBackend().backend.weight === 10) light++;
    parentPort.postMessage(light);`;
  const workerData = { base: new URL('.', import.meta.url).href, plan, rule: rule(0, 90, 10) };
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const counts = await Promise.all(
    [1, 2].map(async () => {
      const worker = new Worker(url, { workerData });
      const [light] = (await once(worker, 'message')) as [number];
      return light;
    }),
  );
  assert.equal((counts[0] ?? 0) + (counts[1] ?? 0), 500);
});
