// Socket options that are read: what kind of socket a descriptor is, and which network namespace it lives in.
import { getsockopt, must } from './libc.ts';
import { allocatePinned } from './memory.ts';

// include/uapi/asm-generic/socket.h
const SOL_SOCKET = 1;
const SO_ACCEPTCONN = 30;
const SO_PROTOCOL = 38;
const SO_DOMAIN = 39;
const SO_NETNS_COOKIE = 71;

const value = allocatePinned(8);
const length = allocatePinned(4);

/** AF_INET, AF_INET6, ... @throws SystemError, ENOTSOCK */
export function socketDomain(fd: number): number {
  return readOption(fd, SO_DOMAIN, 4).readInt32LE(0);
}

/** IPPROTO_TCP, IPPROTO_UDP, ... */
export function socketProtocol(fd: number): number {
  return readOption(fd, SO_PROTOCOL, 4).readInt32LE(0);
}

export function isListening(fd: number): boolean {
  return readOption(fd, SO_ACCEPTCONN, 4).readInt32LE(0) !== 0;
}

/** What bpf_get_netns_cookie gives to programs that run for sockets of the same namespace. Linux 5.14. */
export function netnsCookie(fd: number): bigint {
  return readOption(fd, SO_NETNS_COOKIE, 8).readBigUInt64LE(0);
}

function readOption(fd: number, option: number, size: number): Buffer {
  length.buffer.writeUInt32LE(size, 0);
  must('getsockopt', getsockopt(fd, SOL_SOCKET, option, value.address, length.address), `fd ${fd}`);
  return value.buffer;
}
