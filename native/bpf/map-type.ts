// Map types and creation flags (include/uapi/linux/bpf.h, enum bpf_map_type), and what the loader must know of each.

export const MAP_TYPE = {
  HASH: 1,
  ARRAY: 2,
  PROG_ARRAY: 3,
  PERF_EVENT_ARRAY: 4,
  PERCPU_HASH: 5,
  PERCPU_ARRAY: 6,
  STACK_TRACE: 7,
  CGROUP_ARRAY: 8,
  LRU_HASH: 9,
  LRU_PERCPU_HASH: 10,
  LPM_TRIE: 11,
  ARRAY_OF_MAPS: 12,
  HASH_OF_MAPS: 13,
  DEVMAP: 14,
  SOCKMAP: 15,
  CPUMAP: 16,
  XSKMAP: 17,
  SOCKHASH: 18,
  CGROUP_STORAGE: 19,
  REUSEPORT_SOCKARRAY: 20,
  PERCPU_CGROUP_STORAGE: 21,
  QUEUE: 22,
  STACK: 23,
  SK_STORAGE: 24,
  DEVMAP_HASH: 25,
  STRUCT_OPS: 26,
  RINGBUF: 27,
  INODE_STORAGE: 28,
  TASK_STORAGE: 29,
  BLOOM_FILTER: 30,
  USER_RINGBUF: 31,
  CGRP_STORAGE: 32,
  ARENA: 33,
} as const;

/** Creation flags (BPF_F_*). */
export const MAP_FLAG = {
  NO_PREALLOC: 1,
  NO_COMMON_LRU: 2,
  NUMA_NODE: 4,
  RDONLY: 8,
  WRONLY: 16,
  RDONLY_PROG: 0x80,
  WRONLY_PROG: 0x100,
  MMAPABLE: 0x400,
  INNER_MAP: 0x1000,
} as const;

/** Update flags (BPF_ANY, BPF_NOEXIST, BPF_EXIST). */
export const UPDATE = { ANY: 0, NOEXIST: 1, EXIST: 2 } as const;

const NAMES = new Map<number, string>(Object.entries(MAP_TYPE).map(([name, value]) => [value, name]));

export function mapTypeName(type: number): string {
  return NAMES.get(type) ?? `type ${type}`;
}

/** One value per possible CPU: buffers hold roundUp(valueSize, 8) bytes for each. */
export function isPerCpu(type: number): boolean {
  return (
    type === MAP_TYPE.PERCPU_HASH ||
    type === MAP_TYPE.PERCPU_ARRAY ||
    type === MAP_TYPE.LRU_PERCPU_HASH ||
    type === MAP_TYPE.PERCPU_CGROUP_STORAGE
  );
}

export function holdsMaps(type: number): boolean {
  return type === MAP_TYPE.ARRAY_OF_MAPS || type === MAP_TYPE.HASH_OF_MAPS;
}

/** Types whose creation takes the key's and the value's BTF type; the kernel refuses it for the others. */
export function takesBtf(type: number): boolean {
  return TAKES_BTF.has(type);
}

const TAKES_BTF: ReadonlySet<number> = new Set([
  MAP_TYPE.HASH,
  MAP_TYPE.ARRAY,
  MAP_TYPE.PERCPU_HASH,
  MAP_TYPE.PERCPU_ARRAY,
  MAP_TYPE.LRU_HASH,
  MAP_TYPE.LRU_PERCPU_HASH,
  MAP_TYPE.LPM_TRIE,
  MAP_TYPE.SK_STORAGE,
  MAP_TYPE.INODE_STORAGE,
  MAP_TYPE.TASK_STORAGE,
  MAP_TYPE.CGRP_STORAGE,
]);
