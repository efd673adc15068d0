// What this process may do: capabilities, and the two pseudo file systems that the datapath writes to.
import { accessSync, constants } from 'node:fs';
import type { CheckResult } from './check.ts';
import { findCgroupMount, hasCapability, readMounts, type Capability } from './environment.ts';
import { readKernelFile } from './kernel-file.ts';

/** Where `sluice run` keeps its pins unless --state names another; it mounts a BPF file system there when it may. */
const STATE = '/run/sluice';

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
  const mounted = readMounts().find(({ path, type }) => type === 'bpf' && `${STATE}/`.startsWith(`${path}/`));
  const works = mounted === undefined ? hasCapability('CAP_SYS_ADMIN') : mayWrite(mounted.path);
  const here = `${mounted === undefined ? 'none' : `mounted at ${mounted.path}`} for ${STATE} (the default of --state)`;
  return {
    ...about,
    status: works ? 'ok' : 'failed',
    detail: works
      ? mounted === undefined
        ? `${here}: "sluice run" mounts it`
        : here
      : `${here}, and no right to change that`,
    ...(works
      ? {}
      : { mend: 'run it as root, or name a directory on a BPF file system where it may write with --state' }),
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
