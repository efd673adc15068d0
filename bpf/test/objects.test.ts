// Every object loads through our loader, and an independent program, bpftool, sees the maps and entries that we meant.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { BpfMap } from '#native/bpf/map';
import { isPerCpu, MAP_TYPE } from '#native/bpf/map-type';
import { loadObject } from '#native/bpf/object';
import { ObjectSpec } from '#native/bpf/object-spec';

const BPF = new URL('..', import.meta.url);
const objects = readdirSync(BPF).filter((name) => name.endsWith('.bpf.o'));
const skip =
  process.getuid?.() !== 0
    ? 'needs root: it loads BPF programs'
    : spawnSync('bpftool', ['version']).status === 0
      ? false
      : 'needs bpftool, the independent reader';

test('there are objects to check', () => assert.ok(objects.length > 0));

for (const name of objects) {
  test(`${name}: maps and programs are what bpftool sees`, { skip }, () => {
    const spec = ObjectSpec.read(readFileSync(new URL(name, BPF)), name);
    const object = loadObject(spec);
    try {
      for (const program of object.programs.values()) {
        const seen = bpftool('prog', 'show', 'id', String(program.id)) as { name: string; btf_id: number };
        assert.equal(seen.name, program.name);
        assert.ok(seen.btf_id > 0, `${program.name} has types`);
      }
      for (const map of object.maps.values()) {
        checkShape(map);
        if (map.type === MAP_TYPE.ARRAY_OF_MAPS) {
          const inner = object.createInner(map.name, 16);
          map.updateFd(Buffer.alloc(map.keySize), inner.fd);
          checkEntries(inner, fill(inner));
          assert.equal(
            bytes(find(map, Buffer.alloc(4))?.['value']).readUInt32LE(0),
            inner.id,
            'the inner map by its id',
          );
          inner.close();
        } else if (FILLABLE.has(map.type) && !map.name.startsWith('.')) {
          checkEntries(map, fill(map));
        }
      }
    } finally {
      object.close();
    }
  });
}

/** Types that take arbitrary bytes from user space. */
const FILLABLE: ReadonlySet<number> = new Set([
  MAP_TYPE.HASH,
  MAP_TYPE.ARRAY,
  MAP_TYPE.LRU_HASH,
  MAP_TYPE.PERCPU_HASH,
  MAP_TYPE.PERCPU_ARRAY,
]);

function checkShape(map: BpfMap): void {
  const seen = bpftool('map', 'show', 'id', String(map.id)) as Record<string, unknown>;
  assert.deepEqual(
    [seen['bytes_key'], seen['bytes_value'], seen['max_entries'], seen['flags']],
    [map.keySize, map.valueSize, map.maxEntries, map.flags],
    map.name,
  );
  const type = Object.entries(MAP_TYPE)
    .find(([, value]) => value === map.type)?.[0]
    .toLowerCase();
  assert.equal(seen['type'], type);
}

/** One entry of bytes that are all different; array keys are the index 0. */
function fill(map: BpfMap): { key: Buffer; value: Buffer } {
  const array = map.type === MAP_TYPE.ARRAY || map.type === MAP_TYPE.PERCPU_ARRAY;
  const key = array ? Buffer.alloc(4) : Buffer.from(Array.from({ length: map.keySize }, (_, i) => i + 1));
  const value = Buffer.from(Array.from({ length: map.valueBytes }, (_, i) => (i * 7 + 3) & 0xff));
  map.update(key, value);
  return { key, value };
}

function checkEntries(map: BpfMap, { key, value }: { key: Buffer; value: Buffer }): void {
  assert.deepEqual(map.lookup(key), value, `${map.name} read back by us`);
  const entry = find(map, key);
  assert.ok(entry, `${map.name}: bpftool finds the key`);
  if (!isPerCpu(map.type)) {
    assert.deepEqual(bytes(entry['value']), value, `${map.name} read back by bpftool`);
    return;
  }
  const stride = value.length / (entry['values'] as unknown[]).length;
  for (const one of entry['values'] as { cpu: number; value: string[] }[])
    assert.deepEqual(
      bytes(one.value),
      value.subarray(one.cpu * stride, one.cpu * stride + map.valueSize),
      `${map.name}, CPU ${one.cpu}, read back by bpftool`,
    );
}

/** By iterating; in arrays, which may be large and list all that is empty, by key. */
function find(map: BpfMap, key: Buffer): Record<string, unknown> | undefined {
  const id = String(map.id);
  if (map.type === MAP_TYPE.ARRAY)
    return bpftool('map', 'lookup', 'id', id, 'key', ...[...key].map(String)) as Record<string, unknown>;
  const entries = bpftool('map', 'dump', 'id', id) as Record<string, unknown>[];
  return entries.find((one) => key.equals(bytes(one['key'])));
}

function bytes(hex: unknown): Buffer {
  return Buffer.from((hex as string[]).map((byte) => Number.parseInt(byte, 16)));
}

function bpftool(...args: string[]): unknown {
  const { status, stdout, stderr } = spawnSync('bpftool', ['-j', ...args], { encoding: 'utf8' });
  assert.equal(status, 0, `bpftool ${args.join(' ')}: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}
