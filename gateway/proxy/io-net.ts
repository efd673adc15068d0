// The node:net engine: the same HTTP core on Node's own sockets, for machines where FFI is not to be had. Costs about a third
// more time per request. Bytes are read into one buffer for all connections (`onread`), so what is written must be copied.
import { performance } from 'node:perf_hooks';
import { createConnection, Socket, type OnReadOpts } from 'node:net';
import { constants } from 'node:os';
import { canonicalAddress, type SocketAddress } from '#native/address';
import { CLOSE_WHEN_WRITTEN, END_WHEN_WRITTEN, STAY, type Bytes, type Channel, type Io } from './channel.ts';
import { TICK, type Deadlines, type Timed } from './deadlines.ts';
import { movePending, releasePending } from './pending.ts';

const RECEIVE = 65_536;
/** Stands for what Node holds back: enough for the core to know that the peer is slow. */
const HELD: Bytes = { buffer: Buffer.alloc(0), address: 0 };

/** A socket and whose events it has. */
interface Held {
  socket: Socket | null;
  channel: Channel;
}

export class NetIo implements Io {
  buffered = 0;
  time: number = performance.now();
  readonly #deadlines: Deadlines;
  readonly #onDefect: (owner: Timed, error: unknown) => void;
  readonly #receive: Bytes = { buffer: Buffer.allocUnsafeSlow(RECEIVE), address: 0 };
  readonly #ticker: NodeJS.Timeout;
  #last = 0;

  constructor(deadlines: Deadlines, onDefect: (owner: Timed, error: unknown) => void) {
    this.#deadlines = deadlines;
    this.#onDefect = onDefect;
    this.#ticker = setInterval(() => {
      if (deadlines.advance(performance.now()))
        deadlines.sweep((timed) => this.#guard(timed, () => timed.onDeadline()));
    }, TICK);
    deadlines.advance(performance.now());
  }

  stop(): void {
    clearInterval(this.#ticker);
  }

  /**
   * Takes over an accepted socket, which must not have been read from. Node gives `onread` only to sockets that it
   * connects; the handle of an accepted one is taken out and put into a socket of our own (undocumented, tested).
   */
  adopt(channel: Channel, accepted: Socket): boolean {
    const holder = accepted as unknown as { _handle: object | null };
    const handle = holder._handle;
    if (handle === null) return false;
    holder._handle = null;
    const held: Held = { socket: null, channel };
    const options = { handle, allowHalfOpen: true, onread: this.#onread(held) };
    const socket = new Socket(options as ConstructorParameters<typeof Socket>[0]);
    this.#attach(held, socket);
    socket.resume();
    return true;
  }

  allocate(size: number): Bytes {
    return { buffer: Buffer.allocUnsafe(size), address: 0 };
  }

  connect(channel: Channel, address: string, port: number): void {
    channel.connecting = true;
    const held: Held = { socket: null, channel };
    const socket = createConnection({
      host: address,
      port,
      allowHalfOpen: true,
      onread: this.#onread(held),
    });
    this.#attach(held, socket);
    socket.once('connect', () =>
      this.#guard(channel, () => {
        if (channel.secure !== null) {
          channel.onError(channel.secure.errno);
          return;
        }
        channel.connecting = false;
        const { pending, pendingStart, pendingEnd } = channel;
        releasePending(this, channel);
        if (pending !== null) this.write(channel, pending, pendingStart, pendingEnd);
        if (channel.pending === null) this.#written(channel);
        if (channel.fd >= 0) channel.onConnected();
      }),
    );
  }

  write(channel: Channel, bytes: Bytes, start: number, end: number): void {
    if (channel.fd < 0 || channel.broken) return;
    if (channel.connecting) {
      const held = channel.pending?.buffer.subarray(channel.pendingStart, channel.pendingEnd) ?? HELD.buffer;
      channel.pending = { buffer: Buffer.concat([held, bytes.buffer.subarray(start, end)]), address: 0 };
      channel.pendingStart = 0;
      channel.pendingEnd = channel.pending.buffer.length;
      this.buffered += end - start;
      return;
    }
    const socket = socketOf(channel);
    if (socket.write(Buffer.from(bytes.buffer.subarray(start, end)))) return;
    this.buffered += end - start;
    channel.pendingEnd = (channel.pending === null ? 0 : channel.pendingEnd) + end - start;
    channel.pending = HELD;
    channel.pendingStart = 0;
  }

  secure(): void {
    throw new Error('TLS needs the engine epoll');
  }

  pause(channel: Channel): void {
    channel.paused = true;
    socketOf(channel).pause();
  }

  resume(channel: Channel): void {
    channel.paused = false;
    socketOf(channel).resume();
  }

  finish(channel: Channel): void {
    if (channel.fd < 0) return;
    channel.closing = CLOSE_WHEN_WRITTEN;
    socketOf(channel).destroySoon();
  }

  end(channel: Channel): void {
    if (channel.fd < 0) return;
    channel.closing = END_WHEN_WRITTEN;
    socketOf(channel).end();
  }

  close(channel: Channel): void {
    if (channel.fd < 0) return;
    this.#forget(channel);
    socketOf(channel).destroy();
  }

  reset(channel: Channel): void {
    if (channel.fd < 0) return;
    // libuv refuses to reset a socket that is being shut down, and Node then leaks it.
    const ending = channel.closing !== STAY;
    this.#forget(channel);
    if (ending) socketOf(channel).destroy();
    else socketOf(channel).resetAndDestroy();
  }

  handOver(from: Channel, to: Channel): void {
    const held = from.socket as Held;
    held.channel = to;
    to.socket = held;
    to.fd = from.fd;
    to.paused = from.paused;
    to.peerEnded = from.peerEnded;
    to.ended = from.ended;
    movePending(from, to);
    this.#deadlines.replace(from, to);
    from.fd = -1;
  }

  skip(): void {
    throw new Error('node:net cannot peek');
  }

  localAddress(channel: Channel): SocketAddress {
    const { localAddress = '', localPort = 0 } = socketOf(channel);
    return { address: canonicalAddress(localAddress), port: localPort };
  }

  later(channel: Channel): void {
    if (channel.awaitsTurnEnd) return;
    channel.awaitsTurnEnd = true;
    process.nextTick(() => {
      channel.awaitsTurnEnd = false;
      if (channel.fd >= 0) this.#guard(channel, () => channel.onTurnEnd());
    });
  }

  #attach(held: Held, socket: Socket): void {
    const { channel: first } = held;
    held.socket = socket;
    first.socket = held;
    first.fd = ++this.#last;
    this.#deadlines.add(first);
    socket.setNoDelay(true);
    socket.on('end', () => {
      const { channel } = held;
      channel.ended = true;
      channel.peerEnded = true;
      if (channel.fd >= 0) this.#guard(channel, () => channel.onEnd());
    });
    socket.on('drain', () => {
      const { channel } = held;
      if (channel.fd < 0 || channel.connecting) return;
      releasePending(this, channel);
      this.#guard(channel, () => this.#written(channel));
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const { channel } = held;
      channel.broken = true;
      if (channel.fd >= 0) this.#guard(channel, () => channel.onError(errnoOf(error)));
    });
    socket.on('close', () => {
      const { channel } = held;
      if (channel.fd < 0) return;
      if (channel.closing === CLOSE_WHEN_WRITTEN) this.#forget(channel);
      else this.#guard(channel, () => channel.onError(constants.errno.ECONNRESET));
    });
  }

  #onread(held: Held): OnReadOpts {
    return {
      buffer: this.#receive.buffer,
      callback: (count: number): boolean => {
        const { channel } = held;
        if (channel.fd >= 0) this.#guard(channel, () => channel.onData(this.#receive, 0, count));
        return !held.channel.paused;
      },
    };
  }

  #written(channel: Channel): void {
    if (channel.closing === STAY && channel.fd >= 0) channel.onDrained();
  }

  #forget(channel: Channel): void {
    channel.fd = -1;
    releasePending(this, channel);
    this.#deadlines.remove(channel);
    channel.onClosed();
  }

  #guard(owner: Timed, event: () => void): void {
    this.time = performance.now();
    try {
      event();
    } catch (error) {
      this.#onDefect(owner, error);
    }
  }
}

function socketOf(channel: Channel): Socket {
  return (channel.socket as Held).socket as Socket;
}

function errnoOf(error: NodeJS.ErrnoException): number {
  return Math.abs(error.errno ?? constants.errno.ECONNRESET);
}
