// Maps of every kind in the real kernel.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cannotLoad, fixtureSpec, u32 } from './fixture/fixture.ts';
import { BpfMap, type MapOptions } from './map.ts';
import { mapMismatch } from './map-load.ts';
import { MAP_FLAG, MAP_TYPE, UPDATE } from './map-type.ts';
import { loadObject, type LoadedObject } from './object.ts';
import { possibleCpus } from './possible-cpus.ts';
import { BpfError } from './syscall.ts';

const skip = cannotLoad;

function withMap(options: Partial<MapOptions> & { readonly type: number }, use: (map: BpfMap) => void): void {
  const map = BpfMap.create({ name: 'test', keySize: 4, valueSize: 4, maxEntries: 16, ...options });
  try {
    use(map);
  } finally {
    map.close();
  }
}

function withMaps(use: (object: LoadedObject) => void): void {
  const object = loadObject(fixtureSpec('maps'), { programs: [] });
  try {
    use(object);
  } finally {
    object.close();
  }
}

test('every map kind of the fixture is created as defined', { skip }, () => {
  withMaps((object) => {
    for (const spec of object.spec.maps.values()) {
      const map = object.map(spec.name);
      assert.equal(mapMismatch(spec, map), undefined);
      if (spec.type !== MAP_TYPE.RINGBUF) assert.equal(map.maxEntries, spec.maxEntries, spec.name);
      assert.equal(map.name, spec.name.slice(0, 15));
      assert.ok(map.id > 0);
    }
  });
});

test('hash: write, read, refuse, delete, iterate', { skip }, () => {
  withMap({ type: MAP_TYPE.HASH }, (map) => {
    assert.equal(map.lookup(u32(1)), undefined);
    map.update(u32(1), u32(10));
    map.update(u32(2), u32(20), UPDATE.NOEXIST);
    assert.throws(
      () => map.update(u32(2), u32(21), UPDATE.NOEXIST),
      (error) =>
        error instanceof BpfError &&
        error.code === 'EEXIST' &&
        /BPF_MAP_UPDATE_ELEM\) map test/.test(error.message),
    );
    assert.throws(() => map.update(u32(3), u32(30), UPDATE.EXIST), { code: 'ENOENT' });
    assert.equal(map.lookup(u32(2))?.readUInt32LE(), 20);
    const out = Buffer.alloc(4);
    assert.equal(map.lookupInto(u32(1), out), true);
    assert.equal(out.readUInt32LE(), 10);
    assert.deepEqual(new Set([...map.keys()].map((key) => key.readUInt32LE())), new Set([1, 2]));
    assert.equal(
      [...map.entries()].reduce((sum, [, value]) => sum + value.readUInt32LE(), 0),
      30,
    );
    assert.equal(map.delete(u32(1)), true);
    assert.equal(map.delete(u32(1)), false);
    assert.equal(map.take(u32(2))?.readUInt32LE(), 20);
    assert.deepEqual([...map.keys()], []);
  });
});

test('taking out gives the value once, into the given buffer', { skip }, () => {
  for (const type of [MAP_TYPE.HASH, MAP_TYPE.LRU_HASH])
    withMap({ type }, (map) => {
      map.update(u32(7), u32(70));
      const out = Buffer.alloc(4);
      assert.equal(map.takeInto(u32(7), out), true);
      assert.deepEqual(out, u32(70));
      assert.equal(map.takeInto(u32(7), out), false);
      assert.throws(() => map.takeInto(u32(7), Buffer.alloc(3)), RangeError);
    });
});

test('a full hash says so, a full LRU hash makes room', { skip }, () => {
  const fill = (map: BpfMap): void => {
    for (let key = 0; key < 200; key++) map.update(u32(key), u32(key));
  };
  withMap({ type: MAP_TYPE.HASH }, (map) => assert.throws(() => fill(map), { code: 'E2BIG' }));
  withMap({ type: MAP_TYPE.LRU_HASH, maxEntries: 64 }, (map) => {
    fill(map);
    assert.equal(map.lookup(u32(199))?.readUInt32LE(), 199);
    assert.ok([...map.keys()].length <= 64);
  });
});

test('wrong lengths never reach the kernel', { skip }, () => {
  withMap({ type: MAP_TYPE.HASH, name: 'services' }, (map) => {
    assert.throws(() => map.lookup(Buffer.alloc(3)), /map services: key has 3 bytes, the map takes 4/);
    assert.throws(
      () => map.update(u32(1), Buffer.alloc(5)),
      /map services: value has 5 bytes, the map takes 4/,
    );
    assert.throws(() => map.lookupInto(u32(1), Buffer.alloc(0)), RangeError);
    assert.throws(() => map.updateBatch(u32(1), u32(1), 2), /keys has 4 bytes, the map takes 8/);
  });
});

test('a refused map names itself and its shape', { skip }, () => {
  assert.throws(
    () => BpfMap.create({ name: 'bad', type: MAP_TYPE.ARRAY, keySize: 8, valueSize: 4, maxEntries: 1 }),
    /bpf\(BPF_MAP_CREATE\) map bad \(ARRAY, key 8 B, value 4 B, 1 entries, flags 0x0\): EINVAL/,
  );
});

test('per-CPU maps move one value per possible CPU', { skip }, () => {
  for (const type of [MAP_TYPE.PERCPU_ARRAY, MAP_TYPE.PERCPU_HASH, MAP_TYPE.LRU_PERCPU_HASH]) {
    withMap({ type, valueSize: 12 }, (map) => {
      assert.equal(map.valueBytes, 16 * possibleCpus());
      const value = Buffer.alloc(map.valueBytes);
      for (let cpu = 0; cpu < possibleCpus(); cpu++) value.writeUInt32LE(100 + cpu, cpu * 16);
      map.update(u32(3), value);
      assert.deepEqual(map.lookup(u32(3)), value);
      assert.throws(() => map.update(u32(3), Buffer.alloc(12)), RangeError);
      const batch = map.lookupBatch();
      assert.ok(batch.values.includes(value));
      assert.equal(batch.values.length, batch.count * map.valueBytes);
    });
  }
});

test('LPM: the longest prefix answers', { skip }, () => {
  const key = (length: number, ...address: number[]): Buffer => Buffer.from([length, 0, 0, 0, ...address]);
  withMap({ type: MAP_TYPE.LPM_TRIE, keySize: 8, flags: MAP_FLAG.NO_PREALLOC }, (map) => {
    map.update(key(8, 10, 0, 0, 0), u32(1));
    map.update(key(16, 10, 1, 0, 0), u32(2));
    assert.equal(map.lookup(key(32, 10, 1, 2, 3))?.readUInt32LE(), 2);
    assert.equal(map.lookup(key(32, 10, 2, 2, 3))?.readUInt32LE(), 1);
    assert.equal(map.lookup(key(32, 11, 0, 0, 1)), undefined);
    assert.equal(map.lookupBatch().count, 2);
  });
});

test('queue and stack: first in first out, last in first out', { skip }, () => {
  const empty = Buffer.alloc(0);
  withMaps((object) => {
    for (const [name, order] of [
      ['queue', [1, 2, 3]],
      ['stack', [3, 2, 1]],
    ] as const) {
      const map = object.map(name);
      for (const value of [1, 2, 3]) map.update(empty, u32(value));
      assert.equal(map.lookup(empty)?.readUInt32LE(), order[0], 'peek');
      assert.deepEqual(
        [1, 2, 3].map(() => map.take(empty)?.readUInt32LE()),
        order,
      );
      assert.equal(map.take(empty), undefined);
    }
  });
});

test('maps of maps hold maps of their template and nothing else', { skip }, () => {
  withMaps((object) => {
    const rows = object.map('rows');
    const first = rows.lookup(u32(0))?.readUInt32LE();
    assert.equal(first, object.map('first_row').id, 'a lookup gives the id');
    assert.throws(() => rows.updateFd(u32(1), object.map('hash').fd), { code: 'EINVAL' });
    assert.equal(rows.delete(u32(0)), true);
    assert.equal(rows.lookup(u32(0)), undefined);
  });
});

test('a frozen map takes no writes', { skip }, () => {
  withMap({ type: MAP_TYPE.ARRAY }, (map) => {
    map.update(u32(0), u32(1));
    map.freeze();
    assert.throws(() => map.update(u32(0), u32(2)), { code: 'EPERM' });
    assert.equal(map.lookup(u32(0))?.readUInt32LE(), 1);
  });
});

test('batches of more than one call write, read and delete everything', { skip }, () => {
  const count = 10_000;
  const keys = Buffer.alloc(count * 4);
  const values = Buffer.alloc(count * 4);
  for (let index = 0; index < count; index++) {
    keys.writeUInt32LE(index, index * 4);
    values.writeUInt32LE(index * 3, index * 4);
  }
  withMap({ type: MAP_TYPE.HASH, maxEntries: count }, (map) => {
    map.updateBatch(keys, values, count);
    const all = map.lookupBatch();
    assert.equal(all.count, count);
    const read = new Map<number, number>();
    for (let index = 0; index < count; index++)
      read.set(all.keys.readUInt32LE(index * 4), all.values.readUInt32LE(index * 4));
    for (let index = 0; index < count; index++) assert.equal(read.get(index), index * 3);
    // Every other key is already gone: absent keys do not stop the rest.
    for (let index = 0; index < 100; index += 2) map.delete(u32(index));
    map.deleteBatch(keys, count);
    assert.equal(map.lookupBatch().count, 0);
  });
  withMap({ type: MAP_TYPE.HASH, maxEntries: 100 }, (map) => {
    assert.throws(() => map.updateBatch(keys, values, count), /E2BIG|map test \(100 of 10000 entries done\)/);
    assert.equal(map.lookupBatch().count, 100);
  });
});

test('an array reads in batches, a queue has none and says so', { skip }, () => {
  withMap({ type: MAP_TYPE.ARRAY, maxEntries: 9000 }, (map) => {
    map.update(u32(8999), u32(7));
    const all = map.lookupBatch();
    assert.equal(all.count, 9000);
    assert.equal(all.values.readUInt32LE(8999 * 4), 7);
  });
});

test('a map type without batches is read and written one by one', { skip }, () => {
  withMap({ type: MAP_TYPE.PROG_ARRAY }, (map) => {
    assert.equal(map.lookupBatch().count, 0);
  });
});

test('reading a small map of large values takes no more memory than it needs', { skip }, () => {
  const limit = { type: MAP_TYPE.PERCPU_HASH, valueSize: 32_000, maxEntries: 40 };
  withMap(limit, (map) => {
    for (let key = 0; key < 40; key++) map.update(u32(key), Buffer.alloc(map.valueBytes, key));
    const before = process.memoryUsage().arrayBuffers;
    const all = map.lookupBatch();
    const taken = process.memoryUsage().arrayBuffers - before;
    assert.equal(all.count, 40);
    for (let at = 0; at < 40; at++)
      assert.equal(all.values[at * map.valueBytes + map.valueBytes - 1], all.keys[at * 4], 'own value');
    assert.ok(taken < 6 * all.values.length + (4 << 20), `${taken} bytes for ${all.values.length}`);
  });
});

test('iterating ends, also where each key is gone before the next is asked for', { skip }, () => {
  withMap({ type: MAP_TYPE.HASH, maxEntries: 8 }, (map) => {
    for (let key = 0; key < 8; key++) map.update(u32(key), u32(key));
    let seen = 0;
    for (const key of map.keys()) {
      map.delete(key);
      map.update(u32(100 + seen), u32(0));
      assert.ok(++seen < 1000, 'no end');
    }
  });
});

test('the NUMA node of a definition reaches the kernel', { skip }, () => {
  const numa = { type: MAP_TYPE.HASH, flags: MAP_FLAG.NUMA_NODE };
  withMap({ ...numa, numaNode: 0 }, (map) => assert.equal(map.flags, MAP_FLAG.NUMA_NODE));
  assert.throws(() => withMap({ ...numa, numaNode: 1023 }, () => {}), { code: 'EINVAL' });
});

test('a number that the attribute cannot hold is refused, not cut', { skip }, () => {
  assert.throws(() => withMap({ type: MAP_TYPE.HASH, valueSize: 2 ** 32 + 4 }, () => {}), RangeError);
});

test('a second handle outlives the first', { skip }, () => {
  const map = BpfMap.create({ name: 'shared', type: MAP_TYPE.HASH, keySize: 4, valueSize: 4, maxEntries: 4 });
  const again = BpfMap.fromFd(map.fd);
  map.update(u32(1), u32(2));
  map.close();
  assert.equal(again.lookup(u32(1))?.readUInt32LE(), 2);
  assert.equal(again.id, map.id);
  assert.throws(() => map.lookup(u32(1)), /it is closed/);
  again.close();
  again.close();
});
