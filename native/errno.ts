// A failed system call as a value that names the call, so that no caller ever prints a bare number.
import { constants } from 'node:os';

const NAMES = new Map<number, string>(Object.entries(constants.errno).map(([name, value]) => [value, name]));
// What bpf(2) answers and Node does not name; the second one is not meant to leave the kernel and does.
NAMES.set(77, 'EBADFD');
NAMES.set(524, 'ENOTSUPP');

/** Linux errno numbers that the hot path compares against (asm-generic/errno.h). */
export const EPERM = 1;
export const ENOENT = 2;
export const EINTR = 4;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EBUSY = 16;
export const EEXIST = 17;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const ENOSPC = 28;
export const EPROTO = 71;
export const ENETUNREACH = 101;
export const ECONNRESET = 104;
export const ENOBUFS = 105;
export const ENOTCONN = 107;
export const ECONNREFUSED = 111;
export const EHOSTUNREACH = 113;
export const EINPROGRESS = 115;

export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}

/** A system call that failed. `call` is the C name, `subject` what it was asked to work on. */
export class SystemError extends Error {
  override readonly name: string = 'SystemError';
  readonly call: string;
  readonly errno: number;
  readonly code: string;

  constructor(call: string, errno: number, subject?: string) {
    super(`${call}${subject === undefined ? '' : ` ${subject}`}: ${errnoName(errno)}`);
    this.call = call;
    this.errno = errno;
    this.code = errnoName(errno);
  }
}
