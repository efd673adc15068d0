// eventfd(2): wakes a thread that is blocked in epoll_wait. One side signals, the other has `fd` in its poll set.
import { close, eventfd, must, read, write } from './libc.ts';
import { allocatePinned, type Pinned } from './memory.ts';

const EFD_NONBLOCK = 0x800;
const EFD_CLOEXEC = 0x80000;

export class EventFd {
  readonly fd: number;
  readonly #word: Pinned = allocatePinned(8);

  /** A new eventfd. */
  static open(): EventFd {
    return new EventFd(must('eventfd', eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)));
  }

  /** The same eventfd seen from another thread of this process; close it on one side only. */
  static attach(fd: number): EventFd {
    return new EventFd(fd);
  }

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** Makes `fd` readable. */
  signal(): void {
    this.#word.buffer.writeBigUInt64LE(1n);
    write(this.fd, this.#word.address, 8);
  }

  /** Takes the signals that came so far; none is fine. */
  take(): void {
    read(this.fd, this.#word.address, 8);
  }

  close(): void {
    close(this.fd);
  }
}
