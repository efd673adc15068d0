// Tells a thread that has an event loop when descriptors become readable. One thread of libuv's pool sleeps in poll(2)
// for all of them: nothing runs and nothing is polled while they are quiet.
//
//   watch(fd) ──► [eventfd | fd | fd ...] ──► poll(2) on a pool thread ──► callbacks on this thread ──► poll(2) again
import { EventFd } from './event-fd.ts';
import { pollAsync } from './libc.ts';
import { allocatePinned, type Pinned } from './memory.ts';

const POLLIN = 1;
/** The descriptor is not open. */
const POLLNVAL = 0x20;
/** struct pollfd: int fd, short events, short revents. */
const POLLFD_SIZE = 8;
/** poll(2) on open descriptors fails only when interrupted, which does not happen over and over. */
const MAX_FAILURES = 8;

/** Level-triggered: a callback that leaves its descriptor readable is called again. */
export class FdWatcher {
  readonly #callbacks = new Map<number, () => void>();
  /** What waits for poll(2) to return. */
  readonly #leaving: (() => void)[] = [];
  #wake: EventFd | undefined;

  /** Calls `onReadable` whenever the descriptor is readable, until unwatch. Keeps the process alive meanwhile. */
  watch(fd: number, onReadable: () => void): void {
    this.#callbacks.set(fd, onReadable);
    if (this.#wake !== undefined) {
      this.#wake.signal();
      return;
    }
    this.#wake = EventFd.open();
    this.#poll(this.#wake, 0);
  }

  /** No callback comes after this. The promise ends when the thread no longer looks at the descriptor. */
  unwatch(fd: number): Promise<void> {
    this.#callbacks.delete(fd);
    if (this.#wake === undefined) return Promise.resolve();
    this.#wake.signal();
    return new Promise((resolve) => {
      this.#leaving.push(resolve);
    });
  }

  #poll(wake: EventFd, failures: number): void {
    const watched = [...this.#callbacks];
    const set = allocatePinned((watched.length + 1) * POLLFD_SIZE);
    write(set, 0, wake.fd);
    for (const [index, [fd]] of watched.entries()) write(set, index + 1, fd);
    pollAsync(set.address, watched.length + 1, (count) => {
      if (isReady(set, 0)) wake.take();
      if (count < 0 && failures >= MAX_FAILURES) this.#callbacks.clear();
      try {
        for (const [index, [fd, callback]] of watched.entries()) {
          if (!isReady(set, index + 1) || this.#callbacks.get(fd) !== callback) continue;
          // Closed without unwatch: dropped, or poll(2) would return at once for ever.
          if (isClosed(set, index + 1)) this.#callbacks.delete(fd);
          else callback();
        }
      } finally {
        // A callback that throws must not end the watch of the others.
        if (this.#callbacks.size > 0) this.#poll(wake, count < 0 ? failures + 1 : 0);
        else this.#stop(wake);
        for (const left of this.#leaving.splice(0)) left();
      }
    });
  }

  #stop(wake: EventFd): void {
    this.#wake = undefined;
    wake.close();
  }
}

function write(set: Pinned, index: number, fd: number): void {
  set.buffer.writeInt32LE(fd, index * POLLFD_SIZE);
  set.buffer.writeInt16LE(POLLIN, index * POLLFD_SIZE + 4);
}

function isReady(set: Pinned, index: number): boolean {
  return set.buffer.readInt16LE(index * POLLFD_SIZE + 6) !== 0;
}

function isClosed(set: Pinned, index: number): boolean {
  return (set.buffer.readInt16LE(index * POLLFD_SIZE + 6) & POLLNVAL) !== 0;
}
