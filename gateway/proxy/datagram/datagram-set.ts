// A worker's UDP ports and what they share: memory for datagrams, the limit of sessions, and the way a port is closed, which is
// when nobody waits for an answer any more, or after a moment.
import { DatagramBatch } from '#native/datagram-batch';
import { closeSocket } from '#native/socket';
import type { Engine } from '../engine.ts';
import type { EpollIo } from '../io-epoll.ts';
import { Recency } from './recency.ts';
import { DatagramListener } from './datagram-listener.ts';
import type { DatagramSession } from './datagram-session.ts';

/** Datagrams per call. */
const BATCH = 16;
/** How long answers may take when a port is closed, milliseconds. */
const GRACE = 1000;

interface OpenPort {
  readonly listener: DatagramListener;
  /** Another worker's socket, which is not closed here. */
  readonly borrowed: boolean;
  watched: boolean;
  /** When to close it at the latest, milliseconds; 0: it stays. */
  closeAt: number;
}

export class DatagramSet {
  readonly engine: Engine;
  readonly recency: Recency<DatagramSession> = new Recency();
  readonly #io: EpollIo;
  /** As `EpollIo` has it: what is to be closed should this worker die. */
  readonly #owned: Uint8Array;
  readonly #onClosed: (name: string) => void;
  readonly #onDefect: (error: unknown) => void;
  readonly #ports = new Map<string, OpenPort>();
  #batch: DatagramBatch | undefined;
  #closing = 0;

  constructor(
    engine: Engine,
    io: EpollIo,
    owned: Uint8Array,
    onClosed: (name: string) => void,
    onDefect: (error: unknown) => void,
  ) {
    this.engine = engine;
    this.#io = io;
    this.#owned = owned;
    this.#onClosed = onClosed;
    this.#onDefect = onDefect;
  }

  /** A megabyte of addresses, of which as much becomes memory as datagrams are long. */
  get batch(): DatagramBatch {
    return (this.#batch ??= new DatagramBatch(BATCH));
  }

  /** `tick` has something to do. */
  get busy(): boolean {
    return this.#closing > 0;
  }

  /** `key` is that of a scope, `name` what `close` and `forget` know the socket by. */
  open(key: string, name: string, fd: number, borrowed: boolean): void {
    const known = this.#ports.get(name);
    if (known !== undefined) this.#close(name, known);
    const port = { listener: new DatagramListener(this, key, fd), borrowed, watched: true, closeAt: 0 };
    this.#ports.set(name, port);
    this.#io.watch(fd, () => this.#guard(() => port.listener.take()));
  }

  close(name: string, now: number): void {
    const port = this.#ports.get(name);
    if (port === undefined || port.closeAt > 0) return;
    port.closeAt = now + GRACE;
    this.#closing++;
  }

  /** `handedOver`: another process reads from the same sockets, and from now on it alone. */
  closeAll(now: number, handedOver: boolean): void {
    for (const [name, port] of this.#ports) {
      if (handedOver) this.#unwatch(port);
      this.close(name, now);
    }
  }

  /** Somebody else has the socket: it is left to them. */
  forget(name: string): void {
    const port = this.#ports.get(name);
    if (port !== undefined) this.#close(name, port);
  }

  /** Closes what nobody waits for any more. */
  tick(now: number): void {
    for (const [name, port] of this.#ports)
      if (port.closeAt > 0 && (now >= port.closeAt || !port.listener.asked)) this.#close(name, port);
  }

  watch(fd: number, onReadable: () => void): void {
    this.#owned[fd] = 1;
    this.#io.watch(fd, () => this.#guard(onReadable));
  }

  unwatch(fd: number): void {
    this.#owned[fd] = 0;
    this.#io.unwatch(fd);
  }

  #close(name: string, port: OpenPort): void {
    this.#ports.delete(name);
    if (port.closeAt > 0) this.#closing--;
    // What has come by now is still for a backend to hear.
    if (port.watched) this.#guard(() => port.listener.take());
    port.listener.close();
    this.#unwatch(port);
    if (port.borrowed) return;
    closeSocket(port.listener.fd);
    this.#onClosed(name);
  }

  #unwatch(port: OpenPort): void {
    if (port.watched) this.#io.unwatch(port.listener.fd);
    port.watched = false;
  }

  /** A defect met with one datagram costs that datagram. */
  #guard(take: () => void): void {
    try {
      take();
    } catch (error) {
      this.#onDefect(error);
    }
  }
}
