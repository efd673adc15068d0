// A local socket that carries messages with open descriptors (unix(7), SCM_RIGHTS): one process hands its sockets to another,
// and what waits in their queues is neither lost nor noticed. SOCK_SEQPACKET keeps messages apart and their descriptors with them.
import { chmodSync, rmSync } from 'node:fs';
import { EAGAIN, EINTR, EINVAL, SystemError } from './errno.ts';
import {
  accept4,
  bind,
  close,
  connect,
  getsockopt,
  lastErrno,
  listen,
  must,
  recvmsg,
  sendmsg,
  socket,
} from './libc.ts';
import { allocatePinned, holding } from './memory.ts';

const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SCM_RIGHTS = 1;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;
/** MSG_TRUNC and MSG_CTRUNC: something did not fit. */
const CUT_OFF = 0x20 | 0x8;

/** Most descriptors of one message (SCM_MAX_FD in include/net/scm.h). */
export const MOST_DESCRIPTORS = 253;
/** Most bytes of one message. */
export const MOST_BYTES = 65_536;
/** sun_path with its final zero. */
const PATH_BYTES = 108;
/** struct msghdr and struct cmsghdr of 64-bit Linux. */
const MSGHDR = 56;
const CMSG_HEADER = 16;

export interface DescriptorMessage {
  readonly bytes: Buffer;
  /** Of this process from now on. */
  readonly descriptors: readonly number[];
}

/** One end of a connection. Non-blocking. */
export class DescriptorSocket {
  readonly fd: number;

  private constructor(fd: number) {
    this.fd = fd;
  }

  static connect(path: string): DescriptorSocket {
    const fd = must('socket', socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const { name, length } = nameOf(path);
    if (holding(name, () => connect(fd, name.address, length)) === 0) return new DescriptorSocket(fd);
    const errno = lastErrno();
    close(fd);
    throw new SystemError('connect', errno, path);
  }

  static adopt(fd: number): DescriptorSocket {
    return new DescriptorSocket(fd);
  }

  /** User id of the process at the other end, when it connected or listened. */
  peerUser(): number {
    const credentials = allocatePinned(12);
    const length = allocatePinned(4);
    length.buffer.writeInt32LE(12);
    must('getsockopt', getsockopt(this.fd, SOL_SOCKET, SO_PEERCRED, credentials.address, length.address));
    return credentials.buffer.readInt32LE(4);
  }

  /** The descriptors stay open here too. @throws SystemError, EAGAIN when the other end reads too slowly */
  send(bytes: Buffer, descriptors: readonly number[]): void {
    if (descriptors.length > MOST_DESCRIPTORS || bytes.length > MOST_BYTES || bytes.length === 0)
      throw new SystemError('sendmsg', EINVAL, `${bytes.length} bytes, ${descriptors.length} descriptors`);
    const message = frameOf(bytes.length, descriptors.length);
    bytes.copy(message.data.buffer);
    descriptors.forEach((fd, i) => message.control.buffer.writeInt32LE(fd, CMSG_HEADER + i * 4));
    must(
      'sendmsg',
      holding(message, () => sendmsg(this.fd, message.header.address, MSG_NOSIGNAL)),
    );
  }

  /** The next message; undefined when none is there yet, null when the other end is gone. @throws SystemError */
  receive(): DescriptorMessage | undefined | null {
    const message = frameOf(MOST_BYTES, MOST_DESCRIPTORS);
    const count = holding(message, () => recvmsg(this.fd, message.header.address, MSG_CMSG_CLOEXEC));
    if (count < 0) {
      const errno = lastErrno();
      if (errno === EAGAIN || errno === EINTR) return undefined;
      throw new SystemError('recvmsg', errno);
    }
    const descriptors = received(message.header.buffer, message.control.buffer);
    if ((message.header.buffer.readInt32LE(48) & CUT_OFF) !== 0) {
      for (const fd of descriptors) close(fd);
      throw new SystemError('recvmsg', EINVAL, 'a message that does not fit');
    }
    if (count === 0) return null;
    return { bytes: Buffer.from(message.data.buffer.subarray(0, count)), descriptors };
  }

  close(): void {
    close(this.fd);
  }
}

/** Accepts connections at a path that only this user may use. */
export class DescriptorListener {
  readonly fd: number;
  readonly path: string;

  private constructor(fd: number, path: string) {
    this.fd = fd;
    this.path = path;
  }

  /** Takes the place of whatever socket is at `path`. @throws SystemError */
  static open(path: string): DescriptorListener {
    const fd = must('socket', socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    try {
      const { name, length } = nameOf(path);
      rmSync(path, { force: true });
      must(
        'bind',
        holding(name, () => bind(fd, name.address, length)),
        path,
      );
      chmodSync(path, 0o600);
      must('listen', listen(fd, 4), path);
      return new DescriptorListener(fd, path);
    } catch (error) {
      close(fd);
      throw error;
    }
  }

  /** Undefined when nobody waits. */
  accept(): DescriptorSocket | undefined {
    const fd = accept4(this.fd, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd < 0 ? undefined : DescriptorSocket.adopt(fd);
  }

  /** Leaves the path to whoever has taken it. */
  close(): void {
    close(this.fd);
  }
}

function nameOf(path: string): { name: ReturnType<typeof allocatePinned>; length: number } {
  const text = Buffer.from(path);
  if (text.length >= PATH_BYTES || text.includes(0)) throw new SystemError('bind', EINVAL, path);
  const name = allocatePinned(2 + PATH_BYTES);
  name.buffer.writeUInt16LE(AF_UNIX, 0);
  text.copy(name.buffer, 2);
  return { name, length: 2 + text.length + 1 };
}

/** A struct msghdr over one piece of data and room for descriptors. */
function frameOf(bytes: number, descriptors: number) {
  const data = allocatePinned(bytes);
  const control = allocatePinned(CMSG_HEADER + descriptors * 4 + 8);
  const iovec = allocatePinned(16);
  const header = allocatePinned(MSGHDR);
  iovec.buffer.writeBigUInt64LE(BigInt(data.address), 0);
  iovec.buffer.writeBigUInt64LE(BigInt(bytes), 8);
  control.buffer.writeBigUInt64LE(BigInt(CMSG_HEADER + descriptors * 4), 0);
  control.buffer.writeInt32LE(SOL_SOCKET, 8);
  control.buffer.writeInt32LE(SCM_RIGHTS, 12);
  header.buffer.writeBigUInt64LE(BigInt(iovec.address), 16);
  header.buffer.writeBigUInt64LE(1n, 24);
  if (descriptors > 0) {
    header.buffer.writeBigUInt64LE(BigInt(control.address), 32);
    header.buffer.writeBigUInt64LE(BigInt(align(CMSG_HEADER + descriptors * 4)), 40);
  }
  return { header, iovec, data, control };
}

function received(header: Buffer, control: Buffer): number[] {
  const length = Number(header.readBigUInt64LE(40));
  if (length < CMSG_HEADER) return [];
  const end = Math.min(Number(control.readBigUInt64LE(0)), length);
  if (control.readInt32LE(8) !== SOL_SOCKET || control.readInt32LE(12) !== SCM_RIGHTS) return [];
  const descriptors: number[] = [];
  for (let at = CMSG_HEADER; at + 4 <= end; at += 4) descriptors.push(control.readInt32LE(at));
  return descriptors;
}

function align(length: number): number {
  return (length + 7) & ~7;
}
