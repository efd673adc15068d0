// The ring buffer with a real producer: a program that the test runs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cannotLoad, fixtureSpec } from './fixture/fixture.ts';
import { BpfMap } from './map.ts';
import { MAP_TYPE } from './map-type.ts';
import { loadObject, type LoadedObject } from './object.ts';
import { RingBuffer, type RingVisitor } from './ring.ts';

const skip = cannotLoad;
const NO_WAKEUP = 1n;
const FORCE_WAKEUP = 2n;

async function withRing(
  use: (ring: RingBuffer, object: LoadedObject) => void | Promise<void>,
): Promise<void> {
  const object = loadObject(fixtureSpec('ring'));
  const ring = RingBuffer.open(object.map('events'));
  try {
    await use(ring, object);
  } finally {
    await ring.close();
    object.close();
  }
}

function emit(object: LoadedObject, count: number, flags = 0n, discard = 0): void {
  const request = BigUint64Array.of(BigInt(count), flags, BigInt(discard));
  object.program('emit').testRun({ ctx: Buffer.from(request.buffer) });
}

/** Sequence numbers in the order of arrival; checks the two lengths that the producer alternates. */
function collector(): { readonly seen: number[]; readonly visit: RingVisitor } {
  const seen: number[] = [];
  return {
    seen,
    visit: (view, offset, length) => {
      assert.ok(length === 12 || length === 64);
      seen.push(Number(view.readBigUInt64LE(offset)));
    },
  };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('records come in order, once each, also around the end of the ring many times', { skip }, async () => {
  await withRing((ring, object) => {
    const { seen, visit } = collector();
    // 900 records are 43,200 bytes of 65,536: forty rounds wrap dozens of times at shifting places.
    for (let round = 0; round < 40; round++) {
      emit(object, 900);
      assert.equal(ring.drain(visit), 900);
    }
    assert.equal(ring.drain(visit), 0);
    assert.deepEqual(seen, range(1, 36_000));
    assert.equal(object.variable('lost').get(), 0n);
  });
});

test(
  'a full ring loses new records, never old ones, and takes records again after a drain',
  { skip },
  async () => {
    await withRing((ring, object) => {
      const { seen, visit } = collector();
      emit(object, 3000);
      const lost = Number(object.variable('lost').get());
      assert.ok(lost > 0);
      assert.equal(ring.drain(visit), 3000 - lost);
      assert.deepEqual(seen, range(1, 3000 - lost));
      emit(object, 5);
      assert.equal(ring.drain(visit), 5);
    });
  },
);

test('records that the program gave up are not shown', { skip }, async () => {
  await withRing((ring, object) => {
    const { seen, visit } = collector();
    emit(object, 10, 0n, 2);
    assert.equal(ring.drain(visit), 5);
    assert.deepEqual(seen, [2, 4, 6, 8, 10]);
  });
});

test('a visitor that throws loses its record and no other', { skip }, async () => {
  await withRing((ring, object) => {
    const { seen, visit } = collector();
    emit(object, 3);
    assert.throws(
      () =>
        ring.drain(() => {
          throw new Error('visitor');
        }),
      /visitor/,
    );
    assert.equal(ring.drain(visit), 2);
    assert.deepEqual(seen, [2, 3]);
  });
});

test('a ring opened again goes on where it was left', { skip }, async () => {
  await withRing(async (ring, object) => {
    emit(object, 4);
    ring.drain(() => {});
    await ring.close();
    emit(object, 2);
    const again = RingBuffer.open(object.map('events'));
    const { seen, visit } = collector();
    assert.equal(again.drain(visit), 2);
    assert.deepEqual(seen, [5, 6]);
    await again.close();
  });
});

test('wake-ups: each burst is delivered without polling', { skip, timeout: 20_000 }, async ({ signal }) => {
  await withRing(async (ring, object) => {
    const { seen, visit } = collector();
    let wanted = 0;
    let arrived: () => void = () => {};
    signal.addEventListener('abort', () => arrived());
    ring.onWake((view, offset, length) => {
      visit(view, offset, length);
      if (seen.length === wanted) arrived();
    });
    for (let burst = 1; burst <= 20; burst++) {
      wanted += burst;
      const done = new Promise<void>((resolve) => (arrived = resolve));
      // The loud record comes last and brings the quiet ones before it along.
      if (burst > 1) emit(object, burst - 1, NO_WAKEUP);
      emit(object, 1, FORCE_WAKEUP);
      await done;
      signal.throwIfAborted();
    }
    assert.deepEqual(seen, range(1, 210));
  });
});

test(
  'two rings share the wake-up, and closing one leaves the other awake',
  { skip, timeout: 20_000 },
  async () => {
    await withRing(async (first, one) => {
      const record = (ring: RingBuffer): Promise<number> =>
        new Promise((resolve) =>
          ring.onWake((view, offset) => resolve(Number(view.readBigUInt64LE(offset)))),
        );
      await withRing(async (second, two) => {
        const both = [record(first), record(second)];
        emit(one, 1);
        emit(two, 1);
        assert.deepEqual(await Promise.all(both), [1, 1]);
      });
      const next = record(first);
      emit(one, 1);
      assert.equal(await next, 2);
    });
  },
);

test('closing inside a visitor ends the drain', { skip }, async () => {
  await withRing(async (ring, object) => {
    emit(object, 10);
    let seen = 0;
    const closing: Promise<void>[] = [];
    ring.drain(() => {
      seen++;
      closing.push(ring.close());
    });
    assert.equal(seen, 1);
    assert.equal(
      ring.drain(() => {}),
      0,
    );
    await Promise.all(closing);
  });
});

test('only ring buffers are opened', { skip }, () => {
  const map = BpfMap.create({ name: 'array', type: MAP_TYPE.ARRAY, keySize: 4, valueSize: 4, maxEntries: 1 });
  assert.throws(() => RingBuffer.open(map), /map array is not a ring buffer/);
  map.close();
});
