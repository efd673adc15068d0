// The directory on a bpffs that holds the pins, claimed by one process at a time. The claim is a flock on the directory, so
// it ends with the process however that ends: there is no stale pid file to reason about.
import { existsSync, realpathSync, rmdirSync } from 'node:fs';
import { closeBpffs, openBpffs } from '#native/bpf/bpffs';
import { FileLock, lockHolder } from '#native/file-lock';
import { DatapathError, StateInUse } from '../datapath-error.ts';

export class StateDirectory {
  readonly path: string;
  readonly #lock: FileLock;

  private constructor(path: string, lock: FileLock) {
    this.path = path;
    this.#lock = lock;
  }

  /** Makes the directory, mounts a bpffs for it unless it is on one, and claims it. @throws DatapathError, StateInUse */
  static claim(directory: string): StateDirectory {
    openDirectory(directory);
    const path = realpathSync(directory);
    return new StateDirectory(path, claimDirectory(path));
  }

  release(): void {
    this.#lock.release();
  }

  /** Removes the directory, and the mount if it was ours, unless another process has claimed it meanwhile. */
  remove(): void {
    this.#lock.release();
    // The mount is either on the directory, or on a directory above it.
    closeBpffs(this.path);
    removeDirectory(this.path);
    closeBpffs(this.path);
  }
}

function openDirectory(directory: string): void {
  const existed = existsSync(directory);
  try {
    openBpffs(directory);
  } catch (error) {
    if (!existed && existsSync(directory)) removeDirectory(directory);
    throw new DatapathError(
      `cannot keep pins in ${directory} (${error instanceof Error ? error.message : String(error)})`,
      'run as root with CAP_SYS_ADMIN, or give a state directory below a mounted bpffs',
      error,
    );
  }
}

function removeDirectory(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    // In use again, or a mount that is not ours to take away.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EBUSY' && code !== 'ENOTEMPTY') throw error;
  }
}

function claimDirectory(path: string): FileLock {
  const lock = FileLock.tryAcquire(path);
  if (lock !== undefined) return lock;
  const holder = lockHolder(path);
  throw new StateInUse(
    `the state directory ${path} is in use by ${holder === undefined ? 'another process' : `process ${holder}`}`,
    'stop that process, or give another state directory',
  );
}
