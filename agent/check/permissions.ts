// What this process may do: capabilities, and the two pseudo file systems that the datapath writes to.
import { accessSync, constants, existsSync } from 'node:fs';
import type { CheckResult } from './check.ts';
import { findCgroupMount, hasCapability, readMounts, type Capability } from './environment.ts';
import { readKernelFile } from './kernel-file.ts';

/** `sluice run` keeps its pins below it and mounts it when nobody has. */
const BPF_DIRECTORY = '/sys/fs/bpf';

export function checkPermissions(): readonly CheckResult[] {
  return [user(), bpfCapabilities(), lowPorts(), cgroup(), bpffs()];
}

/** A root of a container's own user namespace holds every capability there, and none of them here. */
function user(): CheckResult {
  const initial = /^\s*0\s+0\s+4294967295\s*$/.test(readKernelFile('/proc/self/uid_map'));
  const who = `user ${process.getuid?.() ?? '?'}${process.getuid?.() === 0 ? ' (root)' : ''}`;
  return {
    category: 'permissions',
    name: 'user namespace',
    status: initial ? 'ok' : 'failed',
    detail: `${who}, ${initial ? 'the initial user namespace' : 'a user namespace of its own'}`,
    ...(initial
      ? {}
      : { mend: 'run it in the initial user namespace (no rootless container): BPF programs need that' }),
    needs: ['datapath'],
  };
}

function bpfCapabilities(): CheckResult {
  const wanted: readonly Capability[] = ['CAP_BPF', 'CAP_NET_ADMIN', 'CAP_PERFMON'];
  const missing = hasCapability('CAP_SYS_ADMIN') ? [] : wanted.filter((name) => !hasCapability(name));
  return {
    category: 'permissions',
    name: 'capabilities for BPF',
    status: missing.length === 0 ? 'ok' : 'failed',
    detail: missing.length === 0 ? wanted.join(', ') : `missing ${missing.join(', ')}`,
    ...(missing.length === 0
      ? {}
      : { mend: `run it as root, or give it ${missing.join(', ')} (systemd: AmbientCapabilities=)` }),
    needs: ['datapath'],
  };
}

function lowPorts(): CheckResult {
  const from = Number(readKernelFile('/proc/sys/net/ipv4/ip_unprivileged_port_start') || '1024');
  const may = from <= 1 || hasCapability('CAP_NET_BIND_SERVICE');
  return {
    category: 'permissions',
    name: 'ports below 1024',
    status: may ? 'ok' : 'warning',
    detail: may ? 'may be opened' : `only ports from ${from} on may be opened`,
    ...(may ? {} : { mend: `give Listeners ports from ${from} on, or give it CAP_NET_BIND_SERVICE` }),
    needs: [],
  };
}

function cgroup(): CheckResult {
  const path = findCgroupMount();
  return {
    category: 'permissions',
    name: 'cgroup v2',
    status: path === undefined ? 'failed' : 'ok',
    detail: path === undefined ? 'not mounted' : `mounted at ${path}`,
    ...(path === undefined
      ? { mend: 'mount it: mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified' }
      : {}),
    needs: ['datapath'],
  };
}

function bpffs(): CheckResult {
  const about = { category: 'permissions', name: 'BPF file system', needs: ['datapath'] } as const;
  if (readMounts().some(({ path, type }) => path === BPF_DIRECTORY && type === 'bpf')) {
    const writable = mayWrite(BPF_DIRECTORY);
    return {
      ...about,
      status: writable ? 'ok' : 'failed',
      detail: `mounted at ${BPF_DIRECTORY}${writable ? '' : ', not writable'}`,
      ...(writable ? {} : { mend: `let the user who runs sluice write to ${BPF_DIRECTORY}` }),
    };
  }
  const mountable = hasCapability('CAP_SYS_ADMIN') && existsSync(BPF_DIRECTORY);
  return {
    ...about,
    status: mountable ? 'ok' : 'failed',
    detail: mountable
      ? `not mounted; "sluice run" mounts it at ${BPF_DIRECTORY}`
      : 'not mounted, and this process may not mount it',
    ...(mountable ? {} : { mend: `as root: mount -t bpf bpf ${BPF_DIRECTORY}` }),
  };
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
