// A cgroup v2 group made by the bench, so that only the programs in it are steered.
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

const ATTEMPTS = 50;
const PAUSE_MS = 20;

export class Cgroup {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Throws when the machine has no cgroup v2, or one that may not be written. */
  static create(name: string): Cgroup {
    const mount = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .find((fields) => fields[2] === 'cgroup2')?.[1];
    if (mount === undefined)
      throw new Error('cgroup v2 is not mounted. Mend: mount -t cgroup2 none /sys/fs/cgroup');
    const path = join(mount, name);
    mkdirSync(path);
    return new Cgroup(path);
  }

  /** The shell enters the group before it becomes the command, so no instruction of the command runs outside. */
  command(command: readonly string[]): string[] {
    return ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(this.path, 'cgroup.procs'), ...command];
  }

  /** A process that has just ended may hold its group for an instant. */
  async remove(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        rmdirSync(this.path);
        return;
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }
}
