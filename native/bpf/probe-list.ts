// What `sluice check` tries: map, program and link types, with the parameters of the smallest example of each.
import { MAP_FLAG, MAP_TYPE } from './map-type.ts';
import { ATTACH_TYPE, PROGRAM_TYPE } from './program-type.ts';

/** A type of the kernel by name. */
export interface KernelTarget {
  readonly name: string;
  readonly kind: 'typedef' | 'function';
}

export interface MapProbe {
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags?: number;
  /** Holds a small array as its inner template. */
  readonly nested?: boolean;
}

export interface ProgramProbe {
  readonly type: number;
  readonly attachType: number;
  /** What the two-instruction program returns; some types allow only one value. */
  readonly result?: number;
  /** The vmlinux BTF type to attach to. */
  readonly kernelType?: number;
}

/** `target` is a descriptor or index that cannot exist: a kernel that knows the link says so, an old one says EINVAL. */
export interface LinkProbe {
  readonly program: ProgramProbe;
  readonly attachType: number;
  readonly target: 'descriptor' | 'interface' | 'sockmap';
}

const P = PROGRAM_TYPE;
const A = ATTACH_TYPE;
const small = (type: number, extra: Partial<MapProbe> = {}): MapProbe => ({
  type,
  keySize: 4,
  valueSize: 4,
  maxEntries: 1,
  ...extra,
});

export const MAPS: readonly (readonly [name: string, probe: MapProbe])[] = [
  ['hash', small(MAP_TYPE.HASH)],
  ['array', small(MAP_TYPE.ARRAY)],
  ['per-CPU array', small(MAP_TYPE.PERCPU_ARRAY)],
  ['LRU hash', small(MAP_TYPE.LRU_HASH)],
  ['LPM trie', small(MAP_TYPE.LPM_TRIE, { keySize: 8, flags: MAP_FLAG.NO_PREALLOC })],
  ['hash of maps', small(MAP_TYPE.HASH_OF_MAPS, { nested: true })],
  ['program array', small(MAP_TYPE.PROG_ARRAY)],
  ['sockmap', small(MAP_TYPE.SOCKMAP)],
  ['sockhash', small(MAP_TYPE.SOCKHASH)],
  ['ring buffer', small(MAP_TYPE.RINGBUF, { keySize: 0, valueSize: 0, maxEntries: 1 << 16 })],
];

export const PROGRAMS: readonly (readonly [name: string, probe: ProgramProbe])[] = [
  ['cgroup/connect4', { type: P.CGROUP_SOCK_ADDR, attachType: A.CGROUP_INET4_CONNECT, result: 1 }],
  ['cgroup/getpeername4', { type: P.CGROUP_SOCK_ADDR, attachType: A.CGROUP_INET4_GETPEERNAME, result: 1 }],
  ['cgroup/sock_release', { type: P.CGROUP_SOCK, attachType: A.CGROUP_INET_SOCK_RELEASE, result: 1 }],
  ['cgroup/getsockopt', { type: P.CGROUP_SOCKOPT, attachType: A.CGROUP_GETSOCKOPT, result: 1 }],
  ['sockops', { type: P.SOCK_OPS, attachType: A.CGROUP_SOCK_OPS }],
  ['sk_lookup', { type: P.SK_LOOKUP, attachType: A.SK_LOOKUP, result: 1 }],
  ['sk_msg', { type: P.SK_MSG, attachType: A.SK_MSG_VERDICT, result: 1 }],
  ['sk_skb', { type: P.SK_SKB, attachType: A.SK_SKB_VERDICT, result: 1 }],
  ['sched_cls', { type: P.SCHED_CLS, attachType: 0 }],
  ['xdp', { type: P.XDP, attachType: A.XDP, result: 2 }],
];

/** The last column: whether the datapath needs it to start. */
export const LINKS: readonly (readonly [name: string, probe: LinkProbe, required: boolean])[] = [
  [
    'cgroup (Linux 5.7)',
    {
      program: { type: P.CGROUP_SOCK_ADDR, attachType: A.CGROUP_INET4_CONNECT, result: 1 },
      attachType: A.CGROUP_INET4_CONNECT,
      target: 'descriptor',
    },
    true,
  ],
  [
    'sk_lookup (Linux 5.9)',
    {
      program: { type: P.SK_LOOKUP, attachType: A.SK_LOOKUP, result: 1 },
      attachType: A.SK_LOOKUP,
      target: 'descriptor',
    },
    false,
  ],
  [
    'tcx (Linux 6.6)',
    {
      program: { type: P.SCHED_CLS, attachType: A.TCX_INGRESS },
      attachType: A.TCX_INGRESS,
      target: 'interface',
    },
    false,
  ],
  [
    'sockmap (Linux 6.10)',
    {
      program: { type: P.SK_MSG, attachType: A.SK_MSG_VERDICT, result: 1 },
      attachType: A.SK_MSG_VERDICT,
      target: 'sockmap',
    },
    false,
  ],
];

/** Programs that attach to a type of the kernel, none of which the datapath must have. */
export const TRACING: readonly (readonly [name: string, probe: ProgramProbe, target: KernelTarget])[] = [
  [
    'tp_btf',
    { type: P.TRACING, attachType: A.TRACE_RAW_TP },
    { name: 'btf_trace_sched_switch', kind: 'typedef' },
  ],
  ['fentry', { type: P.TRACING, attachType: A.TRACE_FENTRY }, { name: 'tcp_v4_connect', kind: 'function' }],
  ['lsm', { type: P.LSM, attachType: A.LSM_MAC }, { name: 'bpf_lsm_socket_connect', kind: 'function' }],
];
