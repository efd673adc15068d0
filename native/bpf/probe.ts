// What this kernel lets us do, found by doing it: `sluice check` shows the list. Nothing stays behind.
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { ENOENT, errnoName } from '../errno.ts';
import { isOn, readMounts } from '../mount.ts';
import { KIND } from './btf.ts';
import { KERNEL_BTF, KernelBtf } from './kernel-btf.ts';
import { probeCoreRelocations, probeLink, probeMap, probeProgram } from './probe-kernel.ts';
import { LINKS, MAPS, PROGRAMS, TRACING } from './probe-list.ts';
import { TRACEFS } from './tracing-link.ts';

/** Capabilities by their bit in /proc/self/status (include/uapi/linux/capability.h). */
const CAPABILITIES: Readonly<Record<string, number>> = { NET_ADMIN: 12, SYS_ADMIN: 21, PERFMON: 38, BPF: 39 };
const PRIVILEGES = 'run as root or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON';
const OLDEST: readonly [number, number] = [5, 17];

/** One feature. `detail` is what was found, `mend` what to do when it is missing. */
export interface Feature {
  readonly name: string;
  readonly ok: boolean;
  /** Without a required feature the datapath does not start; without another one a part of it stays off. */
  readonly required: boolean;
  readonly detail: string;
  readonly mend?: string;
}

/** Probes everything; takes some tens of milliseconds. Without privileges most answers are EPERM. Never throws. */
export function probeKernel(): Feature[] {
  return [
    probeRelease(),
    probeCapabilities(),
    ...MAPS.map(([name, options]) => probed(`map ${name}`, () => probeMap(options))),
    ...PROGRAMS.map(([name, program]) => probed(`program ${name}`, () => probeProgram(program))),
    ...LINKS.map(([name, link, required]) => probed(`link ${name}`, () => probeLink(link), required)),
    probed('CO-RE by the kernel', probeCoreRelocations, true, 'use Linux 5.17 or newer'),
    ...probeKernelTypes(),
    probeBpffs(),
    probeCgroup(),
    probeTracefs(),
  ];
}

/** A probe gives 0 or a negative errno. */
function probed(name: string, probe: () => number, required = true, mend?: string): Feature {
  const result = probe();
  if (result >= 0) return { name, ok: true, required, detail: 'available' };
  const code = errnoName(-result);
  const advice = code === 'EPERM' ? adviceForRefusal() : mend;
  return {
    name,
    ok: false,
    required,
    detail: `the kernel answers ${code}`,
    mend: advice ?? 'use a newer kernel',
  };
}

function probeRelease(): Feature {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const ok = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  const base = { name: 'kernel', ok, required: true, detail: `Linux ${release()}` };
  return ok ? base : { ...base, mend: `use Linux ${OLDEST.join('.')} or newer` };
}

function probeCapabilities(): Feature {
  const names = heldCapabilities();
  const ok = isPrivileged(names);
  const detail = names.length === 0 ? 'none of those that BPF needs' : names.join(', ');
  const base = { name: 'capabilities', ok, required: true, detail };
  return ok ? base : { ...base, mend: PRIVILEGES };
}

function adviceForRefusal(): string {
  if (!isPrivileged(heldCapabilities())) return PRIVILEGES;
  return 'something beyond capabilities refuses it (kernel lockdown, a sandbox); what needs it stays off';
}

function isPrivileged(held: readonly string[]): boolean {
  return (
    held.includes('CAP_SYS_ADMIN') ||
    ['CAP_NET_ADMIN', 'CAP_PERFMON', 'CAP_BPF'].every((one) => held.includes(one))
  );
}

function heldCapabilities(): string[] {
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const bits = BigInt(`0x${effective}`);
  return Object.entries(CAPABILITIES)
    .filter(([, bit]) => ((bits >> BigInt(bit)) & 1n) === 1n)
    .map(([name]) => `CAP_${name}`);
}

function probeKernelTypes(): Feature[] {
  const mend = 'use a kernel with CONFIG_DEBUG_INFO_BTF=y';
  if (!existsSync(KERNEL_BTF))
    return [{ name: 'BTF', ok: false, required: true, detail: `${KERNEL_BTF} does not exist`, mend }];
  try {
    const kernel = KernelBtf.open();
    const cast = kernel.find('bpf_cast_to_kern_ctx', KIND.FUNC) !== undefined;
    return [
      { name: 'BTF', ok: true, required: true, detail: `${kernel.count - 1} kernel types` },
      {
        name: 'kfuncs',
        ok: cast,
        required: false,
        detail: `bpf_cast_to_kern_ctx is ${cast ? 'there' : 'missing'}`,
        ...(cast ? {} : { mend: 'use Linux 6.2 or newer for HTTP in the kernel' }),
      },
      ...TRACING.map(([name, probe, target]) => {
        const kernelType = kernel.findTarget(target);
        // The kernel that lacks the target lacks the means to attach there.
        return probed(
          `program ${name}`,
          () => (kernelType === undefined ? -ENOENT : probeProgram({ ...probe, kernelType })),
          false,
        );
      }),
    ];
  } catch (error) {
    return [{ name: 'BTF', ok: false, required: true, detail: (error as Error).message, mend }];
  }
}

function probeBpffs(): Feature {
  const directory = '/sys/fs/bpf';
  const exists = existsSync(directory);
  const mounted = exists && isOn('bpf', directory);
  // Starting mounts it, so that its absence is worth a word and no more.
  const detail = mounted ? `mounted at ${directory}` : `not mounted at ${directory}`;
  const base = { name: 'bpffs', ok: mounted, required: false, detail };
  return mounted ? base : { ...base, mend: `mount -t bpf bpf ${directory} (done at start when allowed)` };
}

function probeCgroup(): Feature {
  const found = readMounts().find((mount) => mount.type === 'cgroup2');
  return found === undefined
    ? {
        name: 'cgroup v2',
        ok: false,
        required: true,
        detail: 'not mounted',
        mend: 'mount -t cgroup2 none /sys/fs/cgroup',
      }
    : { name: 'cgroup v2', ok: true, required: true, detail: `mounted at ${found.directory}` };
}

function probeTracefs(): Feature {
  const found = readMounts().find((mount) => mount.type === 'tracefs');
  return found === undefined
    ? {
        name: 'tracefs',
        ok: false,
        required: false,
        detail: 'not mounted',
        mend: `mount -t tracefs tracefs ${TRACEFS}`,
      }
    : { name: 'tracefs', ok: true, required: false, detail: `mounted at ${found.directory}` };
}
