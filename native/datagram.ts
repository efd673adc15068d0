// UDP sockets: one that many clients send to, and one per client that is connected to a backend. Non-blocking and close-on-exec.
import { ADDRESS_BYTES, familyOf, formatAddress, writeAddress } from './address.ts';
import { bind, close, connect, lastErrno, must, setsockopt, socket } from './libc.ts';
import { allocatePinned } from './memory.ts';
import { localAddress, type ListenOptions } from './socket.ts';

const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_REUSEPORT = 15;
const IPPROTO_IP = 0;
const IP_PKTINFO = 8;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const IPV6_RECVPKTINFO = 49;
/** What may wait while a worker does something else; the kernel gives no more than net.core.rmem_max. */
const RECEIVE_BUFFER = 4_194_304;

const name = allocatePinned(ADDRESS_BYTES);
const option = allocatePinned(4);

/**
 * Opens a socket that takes datagrams from anybody. `::` also takes IPv4. Where the address is that of no interface (0.0.0.0,
 * ::), each datagram tells which address it was sent to, for the answer. Throws a SystemError that names address and port.
 */
export function openDatagrams(options: Omit<ListenOptions, 'backlog'>): {
  readonly fd: number;
  readonly port: number;
} {
  const { address, port, reusePort } = options;
  const fd = must('socket', socket(familyOf(address), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const subject = formatAddress(address, port);
  try {
    if (reusePort) must('setsockopt', setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1), subject);
    setOption(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
    if (address === '::') setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    if (address === '::') must('setsockopt', setOption(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1), subject);
    if (address === '0.0.0.0') must('setsockopt', setOption(fd, IPPROTO_IP, IP_PKTINFO, 1), subject);
    must('bind', bind(fd, name.address, writeAddress(name.buffer, address, port)), subject);
    return { fd, port: localAddress(fd).port };
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** Throws the SystemError that an exclusive socket would meet, as `probeListener` does for TCP. */
export function probeDatagrams(address: string, port: number): void {
  close(openDatagrams({ address, port, reusePort: false }).fd);
}

/** Descriptor of a socket that sends to and receives from this address alone; -errno when that failed. */
export function connectDatagrams(address: string, port: number): number {
  const length = writeAddress(name.buffer, address, port);
  const fd = socket(name.buffer.readUInt16LE(0), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -lastErrno();
  if (connect(fd, name.address, length) === 0) return fd;
  const errno = lastErrno();
  close(fd);
  return -errno;
}

function setOption(fd: number, level: number, what: number, value: number): number {
  option.buffer.writeInt32LE(value);
  return setsockopt(fd, level, what, option.address, 4);
}
