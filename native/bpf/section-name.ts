// What a program's section name says: SEC("cgroup/connect4") -> program type, attach type, target.
// Source: libbpf's program_types documentation; only what a network datapath loads is listed.
import { ATTACH_TYPE, PROGRAM_TYPE } from './program-type.ts';

/** BPF_F_SLEEPABLE and BPF_F_XDP_HAS_FRAGS of BPF_PROG_LOAD. */
const SLEEPABLE = 0x10;
const XDP_HAS_FRAGS = 0x20;

export interface ProgramKind {
  readonly type: number;
  readonly expectedAttachType: number;
  /** prog_flags of BPF_PROG_LOAD. */
  readonly flags: number;
  /** What follows the prefix: tracepoint "sched/sched_switch", tp_btf "tcp_retransmit_skb". */
  readonly target?: string;
  /** Name of the vmlinux BTF type to attach to, for tp_btf, fentry, fexit and lsm. */
  readonly kernelType?: { readonly name: string; readonly kind: 'typedef' | 'function' };
}

type Fixed = readonly [type: number, attach: number, flags?: number];

const P = PROGRAM_TYPE;
const A = ATTACH_TYPE;
const EXACT: Readonly<Record<string, Fixed>> = {
  socket: [P.SOCKET_FILTER, 0],
  sk_reuseport: [P.SK_REUSEPORT, A.SK_REUSEPORT_SELECT],
  'sk_reuseport/migrate': [P.SK_REUSEPORT, A.SK_REUSEPORT_SELECT_OR_MIGRATE],
  tc: [P.SCHED_CLS, 0],
  'tcx/ingress': [P.SCHED_CLS, A.TCX_INGRESS],
  'tcx/egress': [P.SCHED_CLS, A.TCX_EGRESS],
  'netkit/primary': [P.SCHED_CLS, A.NETKIT_PRIMARY],
  'netkit/peer': [P.SCHED_CLS, A.NETKIT_PEER],
  xdp: [P.XDP, A.XDP],
  'xdp.frags': [P.XDP, A.XDP, XDP_HAS_FRAGS],
  'xdp/devmap': [P.XDP, A.XDP_DEVMAP],
  'xdp/cpumap': [P.XDP, A.XDP_CPUMAP],
  syscall: [P.SYSCALL, 0, SLEEPABLE],
  sockops: [P.SOCK_OPS, A.CGROUP_SOCK_OPS],
  sk_msg: [P.SK_MSG, A.SK_MSG_VERDICT],
  'sk_skb/stream_parser': [P.SK_SKB, A.SK_SKB_STREAM_PARSER],
  'sk_skb/stream_verdict': [P.SK_SKB, A.SK_SKB_STREAM_VERDICT],
  'sk_skb/verdict': [P.SK_SKB, A.SK_SKB_VERDICT],
  sk_lookup: [P.SK_LOOKUP, A.SK_LOOKUP],
  netfilter: [P.NETFILTER, A.NETFILTER],
  flow_dissector: [P.FLOW_DISSECTOR, A.FLOW_DISSECTOR],
  'cgroup_skb/ingress': [P.CGROUP_SKB, A.CGROUP_INET_INGRESS],
  'cgroup_skb/egress': [P.CGROUP_SKB, A.CGROUP_INET_EGRESS],
  'cgroup/sock_create': [P.CGROUP_SOCK, A.CGROUP_INET_SOCK_CREATE],
  'cgroup/sock_release': [P.CGROUP_SOCK, A.CGROUP_INET_SOCK_RELEASE],
  'cgroup/post_bind4': [P.CGROUP_SOCK, A.CGROUP_INET4_POST_BIND],
  'cgroup/post_bind6': [P.CGROUP_SOCK, A.CGROUP_INET6_POST_BIND],
  'cgroup/bind4': [P.CGROUP_SOCK_ADDR, A.CGROUP_INET4_BIND],
  'cgroup/bind6': [P.CGROUP_SOCK_ADDR, A.CGROUP_INET6_BIND],
  'cgroup/connect4': [P.CGROUP_SOCK_ADDR, A.CGROUP_INET4_CONNECT],
  'cgroup/connect6': [P.CGROUP_SOCK_ADDR, A.CGROUP_INET6_CONNECT],
  'cgroup/connect_unix': [P.CGROUP_SOCK_ADDR, A.CGROUP_UNIX_CONNECT],
  'cgroup/sendmsg4': [P.CGROUP_SOCK_ADDR, A.CGROUP_UDP4_SENDMSG],
  'cgroup/sendmsg6': [P.CGROUP_SOCK_ADDR, A.CGROUP_UDP6_SENDMSG],
  'cgroup/recvmsg4': [P.CGROUP_SOCK_ADDR, A.CGROUP_UDP4_RECVMSG],
  'cgroup/recvmsg6': [P.CGROUP_SOCK_ADDR, A.CGROUP_UDP6_RECVMSG],
  'cgroup/getpeername4': [P.CGROUP_SOCK_ADDR, A.CGROUP_INET4_GETPEERNAME],
  'cgroup/getpeername6': [P.CGROUP_SOCK_ADDR, A.CGROUP_INET6_GETPEERNAME],
  'cgroup/getsockname4': [P.CGROUP_SOCK_ADDR, A.CGROUP_INET4_GETSOCKNAME],
  'cgroup/getsockname6': [P.CGROUP_SOCK_ADDR, A.CGROUP_INET6_GETSOCKNAME],
  'cgroup/getsockopt': [P.CGROUP_SOCKOPT, A.CGROUP_GETSOCKOPT],
  'cgroup/setsockopt': [P.CGROUP_SOCKOPT, A.CGROUP_SETSOCKOPT],
  'cgroup/sysctl': [P.CGROUP_SYSCTL, A.CGROUP_SYSCTL],
  'cgroup/dev': [P.CGROUP_DEVICE, A.CGROUP_DEVICE],
};

/** The kind that a section name stands for, or undefined when the name is not known. */
export function programKind(section: string): ProgramKind | undefined {
  const exact = Object.hasOwn(EXACT, section) ? EXACT[section] : undefined;
  if (exact !== undefined) return { type: exact[0], expectedAttachType: exact[1], flags: exact[2] ?? 0 };
  const slash = section.indexOf('/');
  const target = section.slice(slash + 1);
  if (slash < 0 || target === '') return undefined;
  const tracing = (attach: number, type: number, name: string, flags = 0): ProgramKind => ({
    type,
    expectedAttachType: attach,
    flags,
    target,
    kernelType: { name, kind: attach === A.TRACE_RAW_TP ? 'typedef' : 'function' },
  });
  switch (section.slice(0, slash)) {
    case 'tracepoint':
    case 'tp':
      return { type: P.TRACEPOINT, expectedAttachType: 0, flags: 0, target };
    case 'raw_tracepoint':
    case 'raw_tp':
      return { type: P.RAW_TRACEPOINT, expectedAttachType: 0, flags: 0, target };
    case 'tp_btf':
      return tracing(A.TRACE_RAW_TP, P.TRACING, `btf_trace_${target}`);
    case 'fentry':
      return tracing(A.TRACE_FENTRY, P.TRACING, target);
    case 'fexit':
      return tracing(A.TRACE_FEXIT, P.TRACING, target);
    case 'lsm':
      return tracing(A.LSM_MAC, P.LSM, `bpf_lsm_${target}`);
    case 'lsm.s':
      return tracing(A.LSM_MAC, P.LSM, `bpf_lsm_${target}`, SLEEPABLE);
    case 'lsm_cgroup':
      return tracing(A.LSM_CGROUP, P.LSM, `bpf_lsm_${target}`);
    default:
      return undefined;
  }
}
