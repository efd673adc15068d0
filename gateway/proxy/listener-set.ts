// A worker's listeners under epoll. Closing one is a matter of two ticks: new connections are held off in the kernel, those
// that wait in the queue are taken out, and only then is the socket closed, so that nobody who was let in is reset.
import { closeSocket, dropNewConnections } from '#native/socket';
import { ACCEPT_EXHAUSTED, acceptWaiting, type Accepted } from './accept.ts';
import { TICK } from './deadlines.ts';
import type { EpollIo } from './io-epoll.ts';

interface OpenListener {
  readonly fd: number;
  readonly accepted: Accepted;
  /** When to close it, milliseconds; 0: it stays. */
  closeAt: number;
  watched: boolean;
}

export class ListenerSet {
  readonly #io: EpollIo;
  readonly #onClosed: (name: string) => void;
  readonly #listeners = new Map<string, OpenListener>();
  /** Listeners that wait for descriptors to become free, or to be closed. */
  #waiting = 0;

  constructor(io: EpollIo, onClosed: (name: string) => void) {
    this.#io = io;
    this.#onClosed = onClosed;
  }

  /** `tick` has something to do. */
  get busy(): boolean {
    return this.#waiting > 0;
  }

  get names(): readonly string[] {
    return [...this.#listeners.keys()];
  }

  open(name: string, fd: number, accepted: Accepted): void {
    const known = this.#listeners.get(name);
    // Opened again before it was closed: the old socket goes at once, its queue first.
    if (known !== undefined) this.#close(name, known);
    const listener: OpenListener = { fd, accepted, closeAt: 0, watched: false };
    this.#listeners.set(name, listener);
    this.#watch(listener);
  }

  close(name: string, now: number): void {
    const listener = this.#listeners.get(name);
    if (listener === undefined || listener.closeAt > 0) return;
    dropNewConnections(listener.fd);
    listener.closeAt = now + TICK;
    this.#count();
  }

  /** Somebody else has the socket: it is left to them. */
  forget(name: string): void {
    const listener = this.#listeners.get(name);
    if (listener === undefined) return;
    if (listener.watched) this.#io.unwatch(listener.fd);
    this.#listeners.delete(name);
    this.#count();
  }

  /** Another process has the same socket: what waits in its queue is accepted there. */
  release(name: string): void {
    const listener = this.#listeners.get(name);
    if (listener === undefined) return;
    this.forget(name);
    closeSocket(listener.fd);
    this.#onClosed(name);
  }

  /** Goes on with what could not be done at once. */
  tick(now: number): void {
    for (const [name, listener] of this.#listeners) {
      if (listener.closeAt > 0 && now >= listener.closeAt) this.#close(name, listener);
      else if (!listener.watched) this.#watch(listener);
    }
    this.#count();
  }

  #watch(listener: OpenListener): void {
    listener.watched = true;
    this.#io.watch(listener.fd, () => {
      if (acceptWaiting(listener.fd, listener.accepted) !== ACCEPT_EXHAUSTED) return;
      // Without descriptors the listener would be reported for ever: look again at the next tick.
      this.#io.unwatch(listener.fd);
      listener.watched = false;
      this.#count();
    });
  }

  #close(name: string, listener: OpenListener): void {
    acceptWaiting(listener.fd, listener.accepted, Number.MAX_SAFE_INTEGER);
    if (listener.watched) this.#io.unwatch(listener.fd);
    closeSocket(listener.fd);
    this.#listeners.delete(name);
    this.#onClosed(name);
  }

  #count(): void {
    this.#waiting = 0;
    for (const { closeAt, watched } of this.#listeners.values()) if (closeAt > 0 || !watched) this.#waiting++;
  }
}
