// TCP sockets: the calls and options that the proxy's listeners and connections need. All descriptors are non-blocking
// and close-on-exec. Errors of set-up calls are thrown; the per-connection calls give back what C gives back.
import {
  ADDRESS_BYTES,
  familyOf,
  formatAddress,
  readAddress,
  writeAddress,
  type SocketAddress,
} from './address.ts';
import {
  accept4,
  bind,
  close,
  connect,
  getpeername,
  getsockname,
  lastErrno,
  listen,
  must,
  setsockopt,
  shutdown,
  socket,
} from './libc.ts';
import { allocatePinned } from './memory.ts';
import { EINPROGRESS } from './errno.ts';

const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_LINGER = 13;
const SO_REUSEPORT = 15;
const SO_ATTACH_FILTER = 26;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const SHUT_WR = 1;

const name = allocatePinned(ADDRESS_BYTES);
const nameLength = allocatePinned(4);
const one = allocatePinned(4);
one.buffer.writeInt32LE(1);
const zero = allocatePinned(4);
/** struct linger { on, 0 seconds }. */
const lingerZero = allocatePinned(8);
lingerZero.buffer.writeInt32LE(1);

// Classic BPF over the TCP header: drop segments with SYN and without ACK, keep the rest.
// ldb [13]; and #0x12; jeq #0x02, drop; ret #-1; drop: ret #0
const dropSyn = allocatePinned(5 * 8);
[
  [0x30, 0, 0, 13],
  [0x54, 0, 0, 0x12],
  [0x15, 1, 0, 0x02],
  [0x06, 0, 0, 0xffffffff],
  [0x06, 0, 0, 0],
].forEach(([code = 0, yes = 0, no = 0, k = 0], i) => {
  dropSyn.buffer.writeUInt16LE(code, i * 8);
  dropSyn.buffer.writeUInt8(yes, i * 8 + 2);
  dropSyn.buffer.writeUInt8(no, i * 8 + 3);
  dropSyn.buffer.writeUInt32LE(k, i * 8 + 4);
});
const dropSynProgram = allocatePinned(16);
dropSynProgram.buffer.writeUInt16LE(5, 0);
dropSynProgram.buffer.writeBigUInt64LE(BigInt(dropSyn.address), 8);

export interface ListenOptions {
  readonly address: string;
  /** 0: the kernel picks one. */
  readonly port: number;
  /** Share the port with other sockets of this user that ask for the same. */
  readonly reusePort: boolean;
  readonly backlog?: number;
}

/** Opens a listener. `::` also takes IPv4. Throws a SystemError that names address and port. */
export function openListener(options: ListenOptions): { readonly fd: number; readonly port: number } {
  const { address, port, reusePort, backlog = 4096 } = options;
  const fd = must('socket', socket(familyOf(address), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const subject = formatAddress(address, port);
  try {
    must('setsockopt', setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, one.address, 4), subject);
    if (reusePort) must('setsockopt', setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, one.address, 4), subject);
    // Accepted sockets inherit it: one call less for each of them.
    setNoDelay(fd);
    if (address === '::') setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, zero.address, 4);
    must('bind', bind(fd, name.address, writeAddress(name.buffer, address, port)), subject);
    must('listen', listen(fd, backlog), subject);
    return { fd, port: localAddress(fd).port };
  } catch (error) {
    close(fd);
    throw error;
  }
}

/**
 * Throws the SystemError (EADDRINUSE, EACCES, EADDRNOTAVAIL) that an exclusive listener would meet. With SO_REUSEPORT
 * alone, two proxies of one user would silently share a port and each lose half of its requests.
 */
export function probeListener(address: string, port: number): void {
  closeSocket(openListener({ address, port, reusePort: false, backlog: 1 }).fd);
}

/**
 * New connections (SYN) are dropped, not refused; those under way still complete. Lets a listener be emptied before it
 * is closed: close(2) resets what waits in its queue. Clients send the SYN again after a second.
 */
export function dropNewConnections(fd: number): boolean {
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, dropSynProgram.address, 16) === 0;
}

/** Descriptor of a new connection, whose `peerOfAccepted` is then valid; -1 with errno. */
export function acceptConnection(listener: number): number {
  nameLength.buffer.writeInt32LE(ADDRESS_BYTES);
  return accept4(listener, name.address, nameLength.address, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/** Who connected, of the last `acceptConnection` on this thread. */
export function peerOfAccepted(): SocketAddress {
  return readAddress(name.buffer);
}

/** Descriptor of a socket that is connecting (or connected already); -errno when that failed at once. */
export function startConnection(address: string, port: number): number {
  const length = writeAddress(name.buffer, address, port);
  const family = name.buffer.readUInt16LE(0);
  const fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -lastErrno();
  setNoDelay(fd);
  if (connect(fd, name.address, length) === 0) return fd;
  const errno = lastErrno();
  if (errno === EINPROGRESS) return fd;
  close(fd);
  return -errno;
}

function setNoDelay(fd: number): void {
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, one.address, 4);
}

/** The next close sends RST: the peer cannot take what it has for the whole. */
export function resetOnClose(fd: number): void {
  setsockopt(fd, SOL_SOCKET, SO_LINGER, lingerZero.address, 8);
}

/** Sends FIN; reading goes on. */
export function endWriting(fd: number): void {
  shutdown(fd, SHUT_WR);
}

export function closeSocket(fd: number): void {
  close(fd);
}

export function localAddress(fd: number): SocketAddress {
  nameLength.buffer.writeInt32LE(ADDRESS_BYTES);
  must('getsockname', getsockname(fd, name.address, nameLength.address), `fd ${fd}`);
  return readAddress(name.buffer);
}

/** Throws ENOTCONN once the peer is gone. */
export function peerAddress(fd: number): SocketAddress {
  nameLength.buffer.writeInt32LE(ADDRESS_BYTES);
  must('getpeername', getpeername(fd, name.address, nameLength.address), `fd ${fd}`);
  return readAddress(name.buffer);
}
