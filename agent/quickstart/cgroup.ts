// A cgroup v2 group for one process, so that the datapath steers that process and nothing else on the machine.
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class Cgroup {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** `mount` is where cgroup v2 is mounted, for example /sys/fs/cgroup. */
  static create(mount: string, name: string): Cgroup {
    const path = join(mount, name);
    mkdirSync(path);
    return new Cgroup(path);
  }

  add(pid: number): void {
    writeFileSync(join(this.path, 'cgroup.procs'), String(pid));
  }

  /** The group must be empty. A process that has just ended may hold it for an instant. */
  async remove(): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        rmdirSync(this.path);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
        if (attempt === 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}
