// A cgroup v2 group for one process, so that the datapath steers that process and nothing else on the machine.
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PREFIX = 'sluice-quickstart-';

export class Cgroup {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** `mount` is where cgroup v2 is mounted, for example /sys/fs/cgroup. Takes away what a killed quick start left there. */
  static create(mount: string): Cgroup {
    for (const name of readdirSync(mount)) if (isAbandoned(name)) rmdirSync(join(mount, name));
    const path = join(mount, `${PREFIX}${process.pid}`);
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

/** Of a quick start that is gone. Its client ended with it, so the group is empty. */
function isAbandoned(name: string): boolean {
  return name.startsWith(PREFIX) && !existsSync(`/proc/${name.slice(PREFIX.length)}`);
}
