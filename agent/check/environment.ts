// What this process was given: mounts and capabilities, read from /proc without calling C, so that it can be told where
// calling C does not work.
import { readKernelFile } from './kernel-file.ts';

/** Where cgroup hierarchies belong; hybrid systems have the second version below it, at /sys/fs/cgroup/unified. */
const CGROUPS = '/sys/fs/cgroup';

/** Bit numbers from linux/capability.h, only those that we ask for. */
const CAPABILITY_BITS = {
  CAP_NET_BIND_SERVICE: 10,
  CAP_NET_ADMIN: 12,
  CAP_SYS_ADMIN: 21,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;

export type Capability = keyof typeof CAPABILITY_BITS;

export interface Mount {
  /** Which part of the file system is mounted here: '/' is all of it. */
  readonly root: string;
  readonly path: string;
  readonly type: string;
}

/**
 * The mount point of the cgroup v2 hierarchy: '/sys/fs/cgroup' on unified systems, '/sys/fs/cgroup/unified' on hybrid
 * ones, elsewhere where somebody put it. Undefined when it is not mounted.
 */
export function findCgroupMount(mounts: readonly Mount[] = readMounts()): string | undefined {
  const found = mounts.filter(({ type }) => type === 'cgroup2');
  // A part of the hierarchy that somebody bound elsewhere does not hold every process.
  const whole = found.filter(({ root }) => root === '/');
  const paths = (whole.length > 0 ? whole : found).map(({ path }) => path);
  return paths.find((path) => path === CGROUPS || path.startsWith(`${CGROUPS}/`)) ?? paths[0];
}

/** Whether `name` is in the effective set. What the kernel asks for are capabilities, not the user id. */
export function hasCapability(
  name: Capability,
  status: string = readKernelFile('/proc/self/status'),
): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return mask !== undefined && ((BigInt(`0x${mask}`) >> BigInt(CAPABILITY_BITS[name])) & 1n) === 1n;
}

/** All mounts that this process sees, from /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export function readMounts(mountinfo: string = readKernelFile('/proc/self/mountinfo')): readonly Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ');
    const [, , , root, path] = before?.split(' ') ?? [];
    const type = after?.split(' ')[0];
    return root === undefined || path === undefined || type === undefined
      ? []
      : [{ root, path: readOctal(path), type }];
  });
}

/** Space, tab, newline and backslash stand as octal escapes. */
function readOctal(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
