// How much of its memory and of its descriptors this process uses.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Pressure } from './overload.ts';

const CGROUP_ROOTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'];

export class PressureGauge {
  readonly #memoryLimit: number;
  readonly #descriptorLimit: number;

  /** `memoryLimit` in bytes; 0: what the cgroup allows, if it says. */
  constructor(memoryLimit: number) {
    this.#memoryLimit = memoryLimit > 0 ? memoryLimit : cgroupMemoryLimit();
    this.#descriptorLimit = descriptorLimit();
  }

  measure(): Pressure {
    return {
      memory: share(residentMemory(), this.#memoryLimit),
      descriptors: share(openDescriptors(), this.#descriptorLimit),
    };
  }
}

function share(used: number, limit: number): number {
  return limit > 0 ? used / limit : 0;
}

/** Reading it takes a descriptor: without one to spare nothing is known, and the descriptors say enough. */
function residentMemory(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}

/** The size of /proc/PID/fd is the number of open descriptors since Linux 6.2; before that it is 0, and nothing is known. */
function openDescriptors(): number {
  try {
    return statSync('/proc/self/fd').size;
  } catch {
    return 0;
  }
}

/** Soft limit of RLIMIT_NOFILE; 0 without one. */
function descriptorLimit(): number {
  const line = /^Max open files\s+(\d+)/m.exec(read('/proc/self/limits'));
  return Number(line?.[1] ?? 0);
}

/** The smallest memory.max (cgroup v2) on the way to the root; 0 without one. */
function cgroupMemoryLimit(): number {
  const own = /^0::(.*)$/m.exec(read('/proc/self/cgroup'))?.[1];
  if (own === undefined) return 0;
  const limits = CGROUP_ROOTS.flatMap((root) =>
    ancestors(own).map((path) => Number(read(join(root, path, 'memory.max')).trim() || Number.NaN)),
  ).filter((limit) => Number.isFinite(limit) && limit > 0);
  return limits.length === 0 ? 0 : Math.min(...limits);
}

/** '/a/b' -> '/a/b', '/a', '/'. */
function ancestors(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '');
  return [...names.keys(), names.length].map((count) => `/${names.slice(0, count).join('/')}`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
