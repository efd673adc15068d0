// The C library through koffi: the one file that declares C functions of libc.
// Pointers are plain JS numbers (addresses below 2^53): take a buffer's address once with `addressOf` and keep it.
import koffi from 'koffi';
import { SystemError } from './errno.ts';

const lib = koffi.load('libc.so.6');

type Call = (...args: number[]) => number;
const declare = (prototype: string): Call => lib.func(prototype) as Call;

/** read(2), write(2): byte count or -1. */
export const read: Call = declare('int read(int, uint64, uint32)');
export const write: Call = declare('int write(int, uint64, uint32)');
/**
 * recv(2), send(2): as read and write, for sockets only, and some 70 ns cheaper: they pass by the file layer (position lock,
 * permission hook, fsnotify).
 */
export const recv: Call = declare('int recv(int, uint64, uint32, int)');
export const send: Call = declare('int send(int, uint64, uint32, int)');
/** sendmsg(2), recvmsg(2): the address of a struct msghdr. */
export const sendmsg: Call = declare('int64 sendmsg(int, uint64, int)');
export const recvmsg: Call = declare('int64 recvmsg(int, uint64, int)');
export const sendto: Call = declare('int sendto(int, uint64, uint32, int, uint64, uint32)');
/** recvmmsg(2), sendmmsg(2): how many messages, or -1. */
export const recvmmsg: Call = declare('int recvmmsg(int, uint64, uint32, int, uint64)');
export const sendmmsg: Call = declare('int sendmmsg(int, uint64, uint32, int)');
export const close: Call = declare('int close(int)');
export const socket: Call = declare('int socket(int, int, int)');
export const bind: Call = declare('int bind(int, uint64, uint32)');
export const listen: Call = declare('int listen(int, int)');
export const connect: Call = declare('int connect(int, uint64, uint32)');
export const accept4: Call = declare('int accept4(int, uint64, uint64, int)');
export const shutdown: Call = declare('int shutdown(int, int)');
export const setsockopt: Call = declare('int setsockopt(int, int, int, uint64, uint32)');
export const getsockopt: Call = declare('int getsockopt(int, int, int, uint64, uint64)');
export const getsockname: Call = declare('int getsockname(int, uint64, uint64)');
export const getpeername: Call = declare('int getpeername(int, uint64, uint64)');
export const epollCreate1: Call = declare('int epoll_create1(int)');
export const epollCtl: Call = declare('int epoll_ctl(int, int, int, uint64)');
export const epollWait: Call = declare('int epoll_wait(int, uint64, int, int)');
export const eventfd: Call = declare('int eventfd(uint32, int)');
export const mmap: Call = declare('uint64 mmap(uint64, uint64, int, int, int, int64)');
export const munmap: Call = declare('int munmap(uint64, uint64)');
export const mount: Call = declare('int mount(uint64, uint64, uint64, uint64, uint64)');
export const umount2: Call = declare('int umount2(uint64, int)');
export const sysconf: Call = declare('int64 sysconf(int)');
/** memcpy(3) and memcmp(3), for memory that is not ours. */
export const memcpy: Call = declare('uint64 memcpy(uint64, uint64, uint64)');
export const memcmp: Call = declare('int memcmp(uint64, uint64, uint64)');
/** fcntl(2) and ioctl(2) with one integer or address as argument. */
export const fcntl: Call = declare('int fcntl(int, int, int64)');
export const ioctl: Call = declare('int ioctl(int, uint64, int64)');
/** syscall(2) with up to five integer arguments, for calls that libc does not wrap (bpf, pidfd_open). */
export const syscall: Call = declare('int64 syscall(int64, int64, int64, int64, int64, int64)');

const pollFunction = lib.func('int poll(uint64, uint64, int)');

/** poll(2) on a thread of libuv's pool, without a timeout. `done` runs on this thread: the count, or -1 (interrupted). */
export function pollAsync(address: number, count: number, done: (count: number) => void): void {
  pollFunction.async(address, count, -1, (error: Error | null, result: number) =>
    done(error === null ? result : -1),
  );
}

/** The errno of the last call on this thread: read it at once. */
export function lastErrno(): number {
  return koffi.errno();
}

/** Throws a SystemError naming `call` when `result` is negative, else gives it back. */
export function must(call: string, result: number, subject?: string): number {
  if (result < 0) throw new SystemError(call, lastErrno(), subject);
  return result;
}

/** Address of a buffer's first byte. The caller keeps the buffer alive for as long as the address is in use. */
export function addressOf(buffer: NodeJS.ArrayBufferView): number {
  return Number(koffi.address(buffer));
}

/** Bytes at an address, not copied. The memory must outlive the view: only for mappings. */
export function viewOf(address: number, length: number): ArrayBuffer {
  return koffi.view(BigInt(address), length);
}
