// epoll(7), edge-triggered. Each descriptor is registered once, for reading and writing, and never modified: no epoll_ctl
// per request. The caller's tag comes back with each event and tells a reused descriptor from the closed one before it.
import { close, epollCreate1, epollCtl, epollWait, lastErrno, must } from './libc.ts';
import { allocatePinned, type Pinned } from './memory.ts';
import { EINTR, SystemError } from './errno.ts';

export const EPOLLIN = 0x1;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLRDHUP = 0x2000;
const EPOLLET = 0x80000000;

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CLOEXEC = 0x80000;

/** struct epoll_event is packed on x86-64 only: { u32 events; u64 data } in 12 bytes there, 16 elsewhere. */
const PACKED = process.arch === 'x64';
const WORDS = PACKED ? 3 : 4;
const DATA = PACKED ? 1 : 2;

export class Epoll {
  readonly #fd: number;
  readonly #events: Pinned;
  readonly #words: Int32Array;
  readonly #control: Pinned = allocatePinned(16);
  readonly #capacity: number;

  static open(capacity = 256): Epoll {
    return new Epoll(capacity);
  }

  private constructor(capacity: number) {
    this.#capacity = capacity;
    this.#events = allocatePinned(capacity * WORDS * 4);
    const { buffer } = this.#events;
    this.#words = new Int32Array(buffer.buffer, buffer.byteOffset, capacity * WORDS);
    this.#fd = must('epoll_create1', epollCreate1(EPOLL_CLOEXEC));
  }

  /** A stream socket: edges for readable, writable and half-closed. `tag` is any 31-bit number. Returns 0 or -1 (errno set). */
  addStream(fd: number, tag: number): number {
    return this.#add(fd, tag, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
  }

  /** A listener, eventfd or the like: reported as long as it is readable. */
  addReadable(fd: number, tag: number): void {
    must('epoll_ctl', this.#add(fd, tag, EPOLLIN), `fd ${fd}`);
  }

  /** Only for descriptors that stay open elsewhere: close(2) removes by itself. */
  remove(fd: number): void {
    epollCtl(this.#fd, EPOLL_CTL_DEL, fd, this.#control.address);
  }

  /** Number of events, 0 after `timeout` milliseconds; -1 waits for ever. An interrupted wait counts as 0. */
  wait(timeout: number): number {
    const count = epollWait(this.#fd, this.#events.address, this.#capacity, timeout);
    if (count >= 0) return count;
    const errno = lastErrno();
    if (errno === EINTR) return 0;
    throw new SystemError('epoll_wait', errno);
  }

  /** Of event `index` of the last wait. */
  events(index: number): number {
    return this.#words[index * WORDS]!;
  }

  fd(index: number): number {
    return this.#words[index * WORDS + DATA]!;
  }

  tag(index: number): number {
    return this.#words[index * WORDS + DATA + 1]!;
  }

  close(): void {
    close(this.#fd);
  }

  #add(fd: number, tag: number, events: number): number {
    const { buffer } = this.#control;
    buffer.writeUInt32LE(events >>> 0, 0);
    buffer.writeInt32LE(fd, DATA * 4);
    buffer.writeInt32LE(tag, DATA * 4 + 4);
    return epollCtl(this.#fd, EPOLL_CTL_ADD, fd, this.#control.address);
  }
}
