// The epoll engine: one blocking loop per worker, edge-triggered, system calls one by one through FFI.
//
//   wait ─► events: accept, flush, read ─► ready: channels that have more to read ─► broken: failed writes ─► deadlines
//
// Per request and side this is one read, one write and a share of a wait. Each bend of style here was measured: 90 % of the
// time is the kernel's, so what counts is the number of calls. bench: `npm run bench -- http1`.
import { performance } from 'node:perf_hooks';
import { closeSocket, endWriting, resetOnClose, startConnection } from '#native/socket';
import { EAGAIN, ECONNRESET, EINTR, ENOTCONN } from '#native/errno';
import { Epoll, EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP } from '#native/epoll';
import { allocatePinned, allocateUnzeroed, type Pinned } from '#native/memory';
import {
  CLOSE_WHEN_WRITTEN,
  END_WHEN_WRITTEN,
  STAY,
  type Bytes,
  type Channel,
  type Io,
  type Secure,
  FULL_READ,
} from './channel.ts';
import type { Deadlines, Timed } from './deadlines.ts';
import { awaitRoom, keepPending, movePending, releasePending } from './pending.ts';
import { endTransfer, localAddressOf, receive, skipPeeked, transferErrno, transmit } from './transfer.ts';

/** Room before what is read, so that a longer head can be put in front of the body that came with it. */
const HEADROOM = 4096;
/** Reads from one channel before the others get their turn. */
const READS_PER_TURN = 8;
/** Tag of listeners and other watched descriptors; connections count from 1. */
const WATCHED = 0;
const LAST_TAG = 0x3fffffff;
/** `fd` of a channel whose socket could not be made, until it is closed. */
const NO_DESCRIPTOR = 0x7fffffff;

export class EpollIo implements Io {
  buffered = 0;
  time: number = performance.now();
  readonly #deadlines: Deadlines;
  readonly #onDefect: (owner: Timed, error: unknown) => void;
  /** One byte per descriptor that this worker has open, shared with whoever has to clean up after a crash. */
  readonly #owned: Uint8Array;
  readonly #epoll = Epoll.open();
  readonly #channels: (Channel | undefined)[] = [];
  readonly #watched = new Map<number, () => void>();
  readonly #receive: Pinned = allocatePinned(HEADROOM + FULL_READ);
  readonly #receiveAddress: number = this.#receive.address + HEADROOM;
  readonly skip: Io['skip'] = skipPeeked;
  readonly localAddress: Io['localAddress'] = localAddressOf;
  #ready: Channel[] = [];
  #broken: Channel[] = [];
  #later: Channel[] = [];
  #tag = WATCHED;

  constructor(deadlines: Deadlines, owned: Uint8Array, onDefect: (owner: Timed, error: unknown) => void) {
    this.#deadlines = deadlines;
    this.#owned = owned;
    this.#onDefect = onDefect;
  }

  /** One turn: waits for events, `longest` milliseconds at most, and handles them all. */
  turn(longest: number): void {
    const count = this.#epoll.wait(this.#ready.length > 0 ? 0 : longest);
    this.time = performance.now();
    const sweep = this.#deadlines.advance(this.time);
    for (let i = 0; i < count; i++) {
      const fd = this.#epoll.fd(i);
      const tag = this.#epoll.tag(i);
      if (tag === WATCHED) {
        this.#watched.get(fd)?.();
        continue;
      }
      const channel = this.#channels[fd];
      if (channel === undefined || channel.tag !== tag) continue;
      try {
        this.#handle(channel, this.#epoll.events(i));
      } catch (error) {
        this.#onDefect(channel, error);
      }
    }
    if (this.#ready.length > 0) this.#readOn();
    if (this.#later.length > 0) this.#endTurn();
    if (this.#broken.length > 0) this.#reportBroken();
    if (sweep) {
      this.#deadlines.sweep(this.#expire);
      if (this.#later.length > 0) this.#endTurn();
    }
  }

  /** Calls `onReadable` whenever `fd` is readable, until `unwatch`. */
  watch(fd: number, onReadable: () => void): void {
    this.#watched.set(fd, onReadable);
    this.#epoll.addReadable(fd, WATCHED);
  }

  unwatch(fd: number): void {
    this.#watched.delete(fd);
    this.#epoll.remove(fd);
  }

  /** Gives an open descriptor to a channel. False when epoll has no room for it; the descriptor is then closed. */
  adopt(channel: Channel, fd: number): boolean {
    const tag = this.#tag === LAST_TAG ? 1 : this.#tag + 1;
    if (this.#epoll.addStream(fd, tag) < 0) {
      closeSocket(fd);
      return false;
    }
    this.#tag = tag;
    channel.fd = fd;
    channel.tag = tag;
    this.#channels[fd] = channel;
    this.#owned[fd] = 1;
    this.#deadlines.add(channel);
    return true;
  }

  allocate(size: number): Bytes {
    return allocateUnzeroed(size);
  }

  write(channel: Channel, bytes: Bytes, start: number, end: number): void {
    if (channel.fd < 0 || (channel.broken && !channel.connecting)) return;
    if (channel.pending === null && !channel.connecting) {
      const sent = transmit(channel, bytes.address + start, end - start);
      if (sent === end - start) return;
      if (sent >= 0) start += sent;
      else {
        const errno = transferErrno(channel);
        if (errno !== EAGAIN && errno !== EINTR && errno !== ENOTCONN) {
          this.#fail(channel, errno);
          return;
        }
      }
    }
    keepPending(this, channel, bytes, start, end);
  }

  connect(channel: Channel, address: string, port: number): void {
    const fd = startConnection(address, port);
    channel.connecting = true;
    if (fd >= 0 && this.adopt(channel, fd)) {
      channel.secure?.attach(fd);
      return;
    }
    // Even a connection that fails at once says so later, as an event.
    channel.fd = NO_DESCRIPTOR;
    this.#deadlines.add(channel);
    this.#fail(channel, fd < 0 ? -fd : ECONNRESET);
  }

  secure(channel: Channel, secure: Secure): void {
    channel.secure = secure;
    channel.connecting = true;
    secure.attach(channel.fd);
    this.#queue(channel);
  }

  pause(channel: Channel): void {
    channel.paused = true;
  }

  resume(channel: Channel): void {
    channel.paused = false;
    if (channel.readable) this.#queue(channel);
  }

  finish(channel: Channel): void {
    channel.closing = CLOSE_WHEN_WRITTEN;
    if (channel.pending === null || channel.broken) this.#endNow(channel);
  }

  end(channel: Channel): void {
    channel.closing = END_WHEN_WRITTEN;
    if (channel.pending === null) this.#endNow(channel);
  }

  close(channel: Channel): void {
    const { fd } = channel;
    if (fd < 0) return;
    endTransfer(channel);
    channel.fd = -1;
    this.#deadlines.remove(channel);
    releasePending(this, channel);
    if (fd !== NO_DESCRIPTOR) {
      this.#channels[fd] = undefined;
      this.#owned[fd] = 0;
      closeSocket(fd);
    }
    channel.onClosed();
  }

  reset(channel: Channel): void {
    if (channel.fd >= 0 && channel.fd !== NO_DESCRIPTOR) resetOnClose(channel.fd);
    // Nor a word that this was all.
    channel.broken = true;
    this.close(channel);
  }

  handOver(from: Channel, to: Channel): void {
    to.fd = from.fd;
    to.tag = from.tag;
    to.paused = from.paused;
    to.peerEnded = from.peerEnded;
    to.ended = from.ended;
    to.secure = from.secure;
    from.secure = null;
    movePending(from, to);
    this.#deadlines.replace(from, to);
    if (from.fd !== NO_DESCRIPTOR) this.#channels[from.fd] = to;
    from.fd = -1;
    // Whether `from` has read all there is, only its own turn knows.
    to.readable = true;
    this.#queue(to);
  }

  later(channel: Channel): void {
    if (channel.awaitsTurnEnd) return;
    channel.awaitsTurnEnd = true;
    this.#later.push(channel);
  }

  #handle(channel: Channel, events: number): void {
    if ((events & EPOLLOUT) !== 0) {
      if (channel.connecting) {
        if (channel.secure === null && (events & (EPOLLERR | EPOLLHUP)) === 0) this.#connected(channel);
      } else if (channel.pending !== null) this.#flush(channel);
      if (channel.fd < 0) return;
    }
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) !== 0) {
      channel.peerEnded = true;
      // One that waits for somebody slower has nothing to say any more once it is broken.
      if (channel.ended || (channel.paused && channel.endsWhenBroken && (events & EPOLLERR) !== 0)) {
        if ((events & (EPOLLHUP | EPOLLERR)) !== 0) channel.onError(ECONNRESET);
        return;
      }
    }
    const { secure } = channel;
    if (
      (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) !== 0 ||
      (secure !== null && (channel.connecting || secure.wantsWrite))
    )
      this.#read(channel);
  }

  /** Reads until the kernel has no more. A short read says so without another call. */
  #read(channel: Channel): void {
    const { secure } = channel;
    if (secure !== null && channel.connecting && !this.#shakeHands(channel, secure)) return;
    for (let i = 0; i < READS_PER_TURN; i++) {
      if (channel.fd < 0 || channel.ended) return;
      if (channel.paused) {
        channel.readable = true;
        return;
      }
      const size = channel.readSize;
      const count = receive(channel, this.#receiveAddress, size);
      if (count > 0) {
        const { peeks } = channel;
        channel.onData(this.#receive, HEADROOM, HEADROOM + count);
        if (count < size && !channel.peerEnded && (secure === null || secure.drained)) {
          channel.readable = false;
          // What was only looked at is to be taken now.
          if (peeks && !channel.peeks && !channel.connecting) continue;
          return;
        }
      } else if (count === 0) {
        channel.readable = false;
        channel.ended = true;
        channel.onEnd();
        return;
      } else {
        const errno = transferErrno(channel);
        if (errno === EINTR) continue;
        channel.readable = false;
        if (errno !== EAGAIN) channel.onError(errno);
        return;
      }
    }
    channel.readable = true;
    this.#queue(channel);
  }

  /** Whether the channel can be read from now. */
  #shakeHands(channel: Channel, secure: Secure): boolean {
    if (channel.broken) return false;
    const result = secure.handshake();
    if (result < 0) this.#fail(channel, secure.errno);
    else if (result > 0) this.#connected(channel);
    return result > 0 && channel.fd >= 0;
  }

  #connected(channel: Channel): void {
    channel.connecting = false;
    if (channel.pending !== null) this.#flush(channel);
    if (channel.fd >= 0 && !channel.broken) channel.onConnected();
  }

  #flush(channel: Channel): void {
    const pending = channel.pending;
    if (pending === null) return;
    const length = channel.pendingEnd - channel.pendingStart;
    const sent = length === 0 ? 0 : transmit(channel, pending.address + channel.pendingStart, length);
    if (sent < 0) {
      const errno = transferErrno(channel);
      if (errno !== EAGAIN && errno !== EINTR) this.#fail(channel, errno);
      return;
    }
    channel.pendingStart += sent;
    this.buffered -= sent;
    if (sent < length) {
      channel.onProgress();
      return;
    }
    channel.pending = null;
    if (channel.closing !== STAY) this.#endNow(channel);
    else channel.onDrained();
  }

  /** Everything is written: closes the channel, or its half. */
  #endNow(channel: Channel): void {
    const { secure } = channel;
    if (secure !== null && !channel.broken && !channel.connecting && !secure.end()) {
      awaitRoom(channel);
      return;
    }
    const close = channel.closing === CLOSE_WHEN_WRITTEN;
    channel.closing = STAY;
    if (close) this.close(channel);
    else if (channel.fd >= 0 && !channel.broken) endWriting(channel.fd);
  }

  #fail(channel: Channel, errno: number): void {
    channel.broken = true;
    channel.errno = errno;
    this.#broken.push(channel);
  }

  #queue(channel: Channel): void {
    if (channel.queued) return;
    channel.queued = true;
    this.#ready.push(channel);
  }

  #readOn(): void {
    const ready = this.#ready;
    this.#ready = [];
    for (const channel of ready) {
      channel.queued = false;
      if (channel.fd < 0) continue;
      try {
        this.#read(channel);
      } catch (error) {
        this.#onDefect(channel, error);
      }
    }
  }

  /** What one of them does may make another one ask again: until none does. */
  #endTurn(): void {
    while (this.#later.length > 0) {
      const later = this.#later;
      this.#later = [];
      for (const channel of later) {
        channel.awaitsTurnEnd = false;
        if (channel.fd < 0) continue;
        try {
          channel.onTurnEnd();
        } catch (error) {
          this.#onDefect(channel, error);
        }
      }
    }
  }

  /** What the peer sent before it broke the connection may be an answer: read it first. */
  #reportBroken(): void {
    const broken = this.#broken;
    this.#broken = [];
    for (const channel of broken) {
      try {
        channel.peerEnded = true;
        if (!channel.connecting && !channel.endsWhenBroken) this.#read(channel);
        if (channel.fd < 0) continue;
        if (channel.endsWhenBroken || (!channel.ended && !channel.paused)) channel.onError(channel.errno);
      } catch (error) {
        this.#onDefect(channel, error);
      }
    }
  }

  readonly #expire = (timed: Timed): void => {
    try {
      timed.onDeadline();
    } catch (error) {
      this.#onDefect(timed, error);
    }
  };
}
