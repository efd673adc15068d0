import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { PressureGauge } from './measure-pressure.ts';
import { CALM, Overload, REFUSING, SHEDDING } from './overload.ts';

test('levels are entered at 92 and 95 %, and left 2 points below', () => {
  const overload = Overload.create();
  const reader = Overload.attach(overload.memory);
  const after = (memory: number, descriptors = 0): number => {
    overload.update({ memory, descriptors });
    return reader.level;
  };
  assert.equal(after(0.9), CALM);
  assert.equal(after(0.92), SHEDDING);
  assert.equal(after(0.91), SHEDDING);
  assert.equal(after(0.95), REFUSING);
  assert.equal(after(0.94), REFUSING);
  assert.equal(after(0.929), SHEDDING);
  assert.equal(after(0.899), CALM);
  assert.equal(after(0.1, 0.96), REFUSING, 'either of the two counts');
  assert.equal(after(0.1, 0.1), CALM);
  assert.equal(overload.update({ memory: 0.1, descriptors: 0.1 }), false);
  assert.equal(overload.update({ memory: 0.99, descriptors: 0.1 }), true);
});

test('what is measured follows what is used', (t) => {
  const gauge = new PressureGauge(2 * process.memoryUsage.rss());
  const before = gauge.measure();
  assert.ok(before.memory > 0.3 && before.memory < 0.9, String(before.memory));
  if (before.descriptors === 0) {
    t.skip('this kernel does not tell the number of open descriptors (before 6.2)');
    return;
  }
  const open = Array.from({ length: 50 }, () => openSync('/dev/null', 'r'));
  try {
    assert.ok(gauge.measure().descriptors > before.descriptors);
  } finally {
    for (const fd of open) closeSync(fd);
  }
});
