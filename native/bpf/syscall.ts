// bpf(2) itself, and the error that a refused call becomes.
import { EAGAIN, EPERM, SystemError } from '../errno.ts';
import { close, lastErrno, syscall } from '../libc.ts';
import type { Attribute } from './attribute.ts';
import { COMMAND, type Command } from './command.ts';

// include/uapi/asm-generic/unistd.h and arch/x86/entry/syscalls/syscall_64.tbl
const NUMBERS: Readonly<Record<string, number>> = { x64: 321, arm64: 280 };
/** A process that is signalled this often in a row while it loads a program is under attack. */
const MAX_ATTEMPTS = 50;
const NUMBER = NUMBERS[process.arch];

/** What the call in progress reads and writes: V8 may let a buffer go once only its address is left in use. */
const inUse: { first: object | undefined; second: object | undefined } = {
  first: undefined,
  second: undefined,
};

/** A refused bpf(2) command: `call` is "bpf(COMMAND)", `subject` what it worked on, `mend` what to do about it. */
export class BpfError extends SystemError {
  readonly mend: string;

  constructor(command: Command, errno: number, subject: string, mend?: string) {
    super(`bpf(${command})`, errno, subject);
    this.mend = mend ?? (errno === EPERM ? 'run as root or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON' : '');
    if (this.mend !== '') this.message += `. Mend: ${this.mend}`;
  }
}

/** Runs a command; gives its result, or the negative errno. */
export function bpf(command: Command, attribute: Attribute): number {
  for (let attempt = 1; ; attempt++) {
    const result = bpfAt(COMMAND[command], attribute.address, attribute.size, attribute);
    // The verifier gives up as soon as a signal is pending; coming back to us has delivered it.
    if (result !== -EAGAIN || command !== 'BPF_PROG_LOAD' || attempt === MAX_ATTEMPTS) return result;
  }
}

/**
 * The same on an attribute that the caller laid out and keeps: the hot path of map operations. `first` and `second` are what
 * it points to: they are not collected before the kernel has answered.
 */
export function bpfAt(
  command: number,
  address: number,
  size: number,
  first: object | undefined,
  second?: object,
): number {
  if (NUMBER === undefined)
    throw new SystemError('bpf', 38, `on ${process.arch}: only x64 and arm64 are known`);
  inUse.first = first;
  inUse.second = second;
  const result = syscall(NUMBER, command, address, size, 0, 0);
  const errno = result < 0 ? lastErrno() : 0;
  inUse.first = undefined;
  inUse.second = undefined;
  return result < 0 ? -errno : result;
}

/** Runs a command that must succeed; `subject` names its object in the error. */
export function mustBpf(command: Command, attribute: Attribute, subject: string, mend?: string): number {
  const result = bpf(command, attribute);
  if (result < 0) throw new BpfError(command, -result, subject, mend);
  return result;
}

/** Closes a descriptor that this room owns. */
export function closeFd(fd: number): void {
  close(fd);
}
