// A cgroup of ours with one limit, by whichever version of cgroups has the controller.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PERIOD_US = 100_000;

export class LimitedGroup implements Disposable {
  readonly #path: string;
  /** Why there is none; undefined when there is. */
  readonly obstacle: string | undefined;

  /** `limit`: bytes of memory, or a share of one core. */
  static create(controller: 'memory' | 'cpu', limit: number): LimitedGroup {
    const place = findHierarchy(controller);
    if (place === undefined)
      return new LimitedGroup('', `no cgroup with the ${controller} controller can be made here`);
    const path = join(place.path, `sluice-fault-${process.pid}`);
    const quota = Math.round(limit * PERIOD_US);
    const files = {
      memory:
        place.version === 2
          ? { 'memory.max': limit, 'memory.swap.max': 0 }
          : { 'memory.limit_in_bytes': limit },
      cpu:
        place.version === 2
          ? { 'cpu.max': `${quota} ${PERIOD_US}` }
          : { 'cpu.cfs_period_us': PERIOD_US, 'cpu.cfs_quota_us': quota },
    }[controller];
    try {
      mkdirSync(path);
    } catch (error) {
      return new LimitedGroup('', `a cgroup cannot be made: ${String(error)}`);
    }
    try {
      for (const [file, value] of Object.entries(files)) {
        // A kernel without swap has no limit for it.
        if (file !== 'memory.swap.max' || existsSync(join(path, file)))
          writeFileSync(join(path, file), String(value));
      }
      return new LimitedGroup(path, undefined);
    } catch (error) {
      rmdirSync(path);
      return new LimitedGroup('', `the ${controller} controller takes no limit: ${String(error)}`);
    }
  }

  private constructor(path: string, obstacle: string | undefined) {
    this.#path = path;
    this.obstacle = obstacle;
  }

  add(pid: number): void {
    writeFileSync(join(this.#path, 'cgroup.procs'), String(pid));
  }

  /** Its processes have ended before. */
  [Symbol.dispose](): void {
    if (this.#path === '') return;
    const end = Date.now() + 2000;
    for (;;) {
      try {
        rmdirSync(this.#path);
        return;
      } catch {
        if (Date.now() > end) return;
      }
    }
  }
}

function findHierarchy(controller: string): { readonly path: string; readonly version: 1 | 2 } | undefined {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  for (const [, path = '', type, options = ''] of mounts) {
    if (type === 'cgroup' && options.split(',').includes(controller)) return { path, version: 1 };
    if (
      type === 'cgroup2' &&
      readFileSync(join(path, 'cgroup.subtree_control'), 'utf8').split(/\s/).includes(controller)
    )
      return { path, version: 2 };
  }
  return undefined;
}
