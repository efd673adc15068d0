// The directory on a bpffs that holds the pins, claimed by one process at a time. The claim is a flock on the directory, so
// it ends with the process however that ends: there is no stale pid file to reason about.
// What is locked, mounted and removed must be one and the same directory while processes come and go: coming and going each
// happen as a whole, behind a lock on a directory that stays (the gate).
import { existsSync, mkdirSync, realpathSync, rmdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { bpffsRoot, closeBpffs, openBpffs } from '#native/bpf/bpffs';
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
    const path = realPath(directory);
    return behindGate(path, () => {
      openDirectory(path);
      const place = realpathSync(path);
      return new StateDirectory(place, claimDirectory(place));
    });
  }

  release(): void {
    this.#lock.release();
  }

  /** Removes the directory, and the mount if it was ours, unless another process has claimed it meanwhile. */
  remove(): void {
    // The mount is either on the directory,
    behindGate(this.path, () => {
      this.#lock.release();
      if (bpffsRoot(this.path) === this.path) closeBpffs(this.path);
      removeDirectory(this.path);
    });
    // or on a directory above it: on the gate, which must be let go of before.
    if (bpffsRoot(this.path) !== this.path) closeBpffs(this.path);
  }
}

/** Of a directory that need not be there. */
function realPath(directory: string): string {
  try {
    return realpathSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return resolve(directory);
    throw unusable(directory, error);
  }
}

function behindGate<T>(path: string, action: () => T): T {
  const root = bpffsRoot(path);
  const gate = root === path ? dirname(path) : root;
  let lock: FileLock;
  try {
    mkdirSync(gate, { recursive: true, mode: 0o700 });
    lock = FileLock.acquire(gate);
  } catch (error) {
    throw unusable(path, error);
  }
  try {
    return action();
  } finally {
    lock.release();
  }
}

function openDirectory(directory: string): void {
  const existed = existsSync(directory);
  try {
    openBpffs(directory);
  } catch (error) {
    if (!existed && existsSync(directory)) removeDirectory(directory);
    throw unusable(directory, error);
  }
}

function unusable(directory: string, cause: unknown): DatapathError {
  return new DatapathError(
    `cannot keep pins in ${directory} (${cause instanceof Error ? cause.message : String(cause)})`,
    'run as root with CAP_SYS_ADMIN, or give a state directory below a mounted bpffs',
    cause,
  );
}

function removeDirectory(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    // In use again, a mount that is not ours to take away, or gone already.
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['EBUSY', 'ENOTEMPTY', 'ENOENT'].includes(code)) throw error;
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
