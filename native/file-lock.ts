// flock(2) on a file or directory: an exclusive claim that ends with the process, however it ends.
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { EAGAIN, EINTR, SystemError } from './errno.ts';
import { lastErrno, syscall } from './libc.ts';

// include/uapi/asm-generic/unistd.h and arch/x86/entry/syscalls/syscall_64.tbl
const FLOCK: Readonly<Record<string, number>> = { x64: 73, arm64: 32 };
const LOCK_EX = 2;
const LOCK_NB = 4;
const ENOSYS = 38;

/** Owns the claim until release(). */
export class FileLock {
  readonly path: string;
  #fd: number;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /** Claims an existing file or directory; undefined when someone else holds it. @throws SystemError */
  static tryAcquire(path: string): FileLock | undefined {
    return FileLock.#claim(path, LOCK_EX | LOCK_NB);
  }

  /** The same, but waits, and the whole thread with it: for what is held a moment only. @throws SystemError */
  static acquire(path: string): FileLock {
    const lock = FileLock.#claim(path, LOCK_EX);
    if (lock === undefined) throw new SystemError('flock', EAGAIN, path);
    return lock;
  }

  static #claim(path: string, operation: number): FileLock | undefined {
    const number = FLOCK[process.arch];
    if (number === undefined) throw new SystemError('flock', ENOSYS, path);
    // Node opens with O_CLOEXEC: children do not inherit the claim.
    const fd = openSync(path, 'r');
    let errno: number;
    do {
      if (syscall(number, fd, operation, 0, 0, 0) === 0) return new FileLock(path, fd);
      errno = lastErrno();
    } while (errno === EINTR);
    closeSync(fd);
    if (errno === EAGAIN) return undefined;
    throw new SystemError('flock', errno, path);
  }

  release(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }
}

/** Process id of who holds a flock on the path, as far as this namespace can see (/proc/locks). */
export function lockHolder(path: string): number | undefined {
  const { ino, dev } = statSync(path);
  const hex = (value: number): string => value.toString(16).padStart(2, '0');
  // glibc's gnu_dev_major and gnu_dev_minor
  const inode = `${hex((dev >>> 8) & 0xfff)}:${hex((dev & 0xff) | ((dev >>> 12) & 0xfff00))}:${ino}`;
  for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
    // "1: FLOCK  ADVISORY  WRITE 1234 00:2a:17 0 EOF"; waiters have "->" in second place
    const [, kind, , , pid, place] = line.trim().split(/\s+/);
    if (kind === 'FLOCK' && place === inode) return Number(pid);
  }
  return undefined;
}
