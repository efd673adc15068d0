// Many map entries in one system call (BPF_MAP_*_BATCH), one by one where a map type has no batches.
import { ENOENT, ENOSPC } from '../errno.ts';
import { Attribute } from './attribute.ts';
import type { Command } from './command.ts';
import type { BpfMap } from './map.ts';
import { bpf, BpfError } from './syscall.ts';

/** Per call: large enough that the call's cost vanishes. */
const CHUNK = 4096;
/** Room for the values of one call: per-CPU values of a large machine are large. */
const CHUNK_BYTES = 1 << 20;
const ENOTSUPP = 524;
const EOPNOTSUPP = 95;
const UNSUPPORTED: ReadonlySet<number> = new Set([ENOTSUPP, EOPNOTSUPP]);

/** `count` keys and values, end to end. */
export interface MapBatch {
  readonly keys: Buffer;
  readonly values: Buffer;
  readonly count: number;
}

/** Writes all entries. @throws BpfError naming how many were written before the failure */
export function updateBatch(map: BpfMap, keys: Buffer, values: Buffer, count: number): void {
  const { keySize, valueBytes } = map;
  for (let done = 0; done < count;) {
    const chunk = Math.min(CHUNK, count - done);
    const attribute = new Attribute()
      .pointer(16, keys.subarray(done * keySize))
      .pointer(24, values.subarray(done * valueBytes))
      .u32(32, chunk)
      .u32(36, map.fd);
    const result = bpf('BPF_MAP_UPDATE_BATCH', attribute);
    if (result < 0 && UNSUPPORTED.has(-result)) {
      for (let at = done; at < count; at++)
        map.update(
          keys.subarray(at * keySize, (at + 1) * keySize),
          values.subarray(at * valueBytes, (at + 1) * valueBytes),
        );
      return;
    }
    if (result < 0) throw failure('BPF_MAP_UPDATE_BATCH', result, map, done + attribute.readU32(32), count);
    done += chunk;
  }
}

/** Deletes `count` keys that lie end to end; keys that are absent do not matter. @throws BpfError */
export function deleteBatch(map: BpfMap, keys: Buffer, count: number): void {
  const { keySize } = map;
  for (let done = 0; done < count;) {
    const chunk = Math.min(CHUNK, count - done);
    const attribute = new Attribute()
      .pointer(16, keys.subarray(done * keySize))
      .u32(32, chunk)
      .u32(36, map.fd);
    const result = bpf('BPF_MAP_DELETE_BATCH', attribute);
    const gone = result < 0 ? attribute.readU32(32) : chunk;
    if (result === -ENOENT) {
      // The kernel stops at the first absent key, having deleted those before it.
      done += gone + 1;
    } else if (result < 0 && UNSUPPORTED.has(-result)) {
      for (let at = done; at < count; at++) map.delete(keys.subarray(at * keySize, (at + 1) * keySize));
      return;
    } else if (result < 0) {
      throw failure('BPF_MAP_DELETE_BATCH', result, map, done + gone, count);
    } else done += chunk;
  }
}

/** Reads all entries. Entries written meanwhile may be missed or come twice, as with the kernel's own iteration. */
export function lookupBatch(map: BpfMap): MapBatch {
  const keys: Buffer[] = [];
  const values: Buffer[] = [];
  let count = 0;
  let chunk = Math.max(1, Math.min(CHUNK, map.maxEntries, Math.floor(CHUNK_BYTES / (map.valueBytes || 1))));
  // The kernel's cursor: a bucket number or a key, never longer than either.
  let cursor: Buffer | undefined;
  for (;;) {
    const keyBytes = Buffer.allocUnsafeSlow(chunk * map.keySize);
    const valueBytes = Buffer.allocUnsafeSlow(chunk * map.valueBytes);
    const next = Buffer.alloc(Math.max(map.keySize, 8));
    const attribute = new Attribute()
      .pointer(0, cursor)
      .pointer(8, next)
      .pointer(16, keyBytes)
      .pointer(24, valueBytes)
      .u32(32, chunk)
      .u32(36, map.fd);
    const result = bpf('BPF_MAP_LOOKUP_BATCH', attribute);
    if (result < 0 && UNSUPPORTED.has(-result)) return lookupEach(map);
    // One hash bucket holds more than the buffers: nothing was copied, ask again with larger ones.
    if (result === -ENOSPC) {
      chunk *= 2;
      continue;
    }
    if (result < 0 && result !== -ENOENT)
      throw failure('BPF_MAP_LOOKUP_BATCH', result, map, count, map.maxEntries);
    const got = attribute.readU32(32);
    keys.push(keyBytes.subarray(0, got * map.keySize));
    values.push(valueBytes.subarray(0, got * map.valueBytes));
    count += got;
    if (result === -ENOENT) return { keys: Buffer.concat(keys), values: Buffer.concat(values), count };
    cursor = next;
  }
}

function lookupEach(map: BpfMap): MapBatch {
  const entries = [...map.entries()];
  return {
    keys: Buffer.concat(entries.map(([key]) => key)),
    values: Buffer.concat(entries.map(([, value]) => value)),
    count: entries.length,
  };
}

function failure(command: Command, result: number, map: BpfMap, done: number, count: number): BpfError {
  return new BpfError(command, -result, `map ${map.name} (${done} of ${count} entries done)`);
}
