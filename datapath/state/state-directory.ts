// The directory on a bpffs that holds the pins, claimed by one process at a time. The claim is a flock on the directory, so
// it ends with the process however that ends: there is no stale pid file to reason about.
import { mkdirSync, realpathSync, rmdirSync } from 'node:fs';
import { FileLock, lockHolder } from '#native/file-lock';
import { DatapathError } from '../datapath-error.ts';
import { isOnBpffs, mountBpffs, unmountBpffs } from './bpffs.ts';

export class StateDirectory {
  readonly path: string;
  readonly #lock: FileLock;

  private constructor(path: string, lock: FileLock) {
    this.path = path;
    this.#lock = lock;
  }

  /** Makes the directory, mounts a bpffs on it unless it is on one, and claims it. @throws DatapathError when it is in use */
  static claim(directory: string): StateDirectory {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const path = realpathSync(directory);
    const lock = claimDirectory(path);
    if (isOnBpffs(path)) return new StateDirectory(path, lock);
    // That claimed the directory below the mount: of two starts at once only one mounts.
    try {
      mountBpffs(path);
      return new StateDirectory(path, claimDirectory(path));
    } finally {
      lock.release();
    }
  }

  release(): void {
    this.#lock.release();
  }

  /** Removes the directory, and the mount if it was ours, unless another process has claimed it meanwhile. */
  remove(): void {
    this.#lock.release();
    unmountBpffs(this.path);
    try {
      rmdirSync(this.path);
    } catch (error) {
      // In use again, or a mount that is not ours to take away.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EBUSY' && code !== 'ENOTEMPTY') throw error;
    }
  }
}

function claimDirectory(path: string): FileLock {
  const lock = FileLock.tryAcquire(path);
  if (lock !== undefined) return lock;
  const holder = lockHolder(path);
  throw new DatapathError(
    `the state directory ${path} is in use by ${holder === undefined ? 'another process' : `process ${holder}`}`,
    'stop that process, or give another state directory',
  );
}
