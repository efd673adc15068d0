// One connection as the engine sees it, and the input/output that an engine gives it. The HTTP core above knows nothing of
// descriptors; epoll and node:net below know nothing of HTTP.
import type { SocketAddress } from '#native/address';

/** Memory that a system call may be pointed at. `address` is 0 where the engine does not need it. */
export interface Bytes {
  readonly buffer: Buffer;
  readonly address: number;
}

/** Most bytes of one read, as long as the peer takes them at once: fewer calls; 1 MB answers cost a quarter less than at 64 KB. */
export const FULL_READ = 262_144;
/** And when it does not: so much may be held for it. */
export const SLOW_READ = 32_768;

/** What `Channel.closing` says shall happen once the pending bytes are written. */
export const STAY = 0;
export const CLOSE_WHEN_WRITTEN = 1;
export const END_WHEN_WRITTEN = 2;

/**
 * TLS between a connection's descriptor and its bytes. `recv` and `send` mean what recv(2) and send(2) mean: a count, 0 for
 * the peer's end, -1 with `errno`, where EAGAIN waits for the next event.
 */
export interface Secure {
  readonly errno: number;
  /** The last `recv` left nothing behind, neither here nor in the kernel. */
  readonly drained: boolean;
  /** Reading goes on when there is room to write: the protocol has something to say itself. */
  readonly wantsWrite: boolean;
  /** What TLS itself failed with, in words; '' when it was the connection below. */
  readonly failure: string;
  /** Sent as it is before the handshake begins. */
  preface: Bytes | null;
  /** The connection stands: its descriptor. Nothing was sent on it. */
  attach(fd: number): void;
  /** Begins or goes on: 1 done, 0 wait for the next event, -1 failed. */
  handshake(): number;
  recv(address: number, size: number): number;
  send(address: number, size: number): number;
  /** Tells the peer that this was all (close_notify). False when there is no room for it yet. */
  end(): boolean;
  free(): void;
}

/** State and events of a connection. Events are called by the engine, never from within `Io` calls but `onClosed`. */
export abstract class Channel {
  /** Descriptor, or any number above -1 for an engine without; -1 once closed. */
  fd = -1;
  /** Tells events of this connection from those of an earlier one with the same descriptor. */
  tag = 0;
  /** Place in the table of deadlines, -1 without. */
  slot = -1;
  /** Bytes may be waiting in the kernel although nobody reads. */
  readable = false;
  paused = false;
  /** Most bytes of one read: FULL_READ or SLOW_READ. */
  readSize: number = FULL_READ;
  /** Looks at what came without taking it: `onData` is called again with the same bytes and those after them. */
  peeks = false;
  /** Stands in the engine's list of channels to read from. */
  queued = false;
  /** Not connected yet, or shaking hands. */
  connecting = false;
  /** Null without TLS. Set before `Io.connect` or by `Io.secure`; freed when the channel is closed. */
  secure: Secure | null = null;
  /** The peer has sent FIN (or the connection broke): read to the end, no further edge comes. */
  peerEnded = false;
  /** `onEnd` was called. */
  ended = false;
  /** Writing failed: `onBroken` is due or was called. */
  broken = false;
  errno = 0;
  /** When writing fails there is nothing left to read that would matter. */
  readonly endsWhenBroken: boolean = false;
  closing: number = STAY;
  /** Bytes that the kernel would not take yet. */
  pending: Bytes | null = null;
  pendingStart = 0;
  pendingEnd = 0;
  /** Stands in the list of `Io.later`. */
  awaitsTurnEnd = false;
  /** What the node:net engine keeps of it. */
  socket: unknown = null;

  /** `bytes.buffer` from `start` to `end` was read; it is only valid until the call returns. */
  abstract onData(bytes: Bytes, start: number, end: number): void;
  /** The peer ended its side. Writing may still be possible. */
  abstract onEnd(): void;
  /** The connection is lost, or could not be made. The channel is still to be closed by its owner. */
  abstract onError(errno: number): void;
  abstract onConnected(): void;
  /** Some of what was pending was written: the peer is slow, not gone. */
  abstract onProgress(): void;
  /** Everything pending was written. */
  abstract onDrained(): void;
  /** The channel's deadline has passed. */
  abstract onDeadline(): void;
  /** A defect of ours was met in one of these: nothing about the connection can be relied on, and it is to end. */
  abstract abandon(): void;
  /** Asked for by `Io.later`. */
  onTurnEnd(): void {}
  /** The engine has closed the channel, at once or after what was pending. Called once. */
  abstract onClosed(): void;
}

export interface Io {
  allocate(size: number): Bytes;
  /** Sends now what the kernel takes and keeps a copy of the rest in `channel.pending`. Failures come later as an event. */
  write(channel: Channel, bytes: Bytes, start: number, end: number): void;
  /** Starts to connect; `onConnected` or `onError` follows. What is written meanwhile waits in `pending`. */
  connect(channel: Channel, address: string, port: number): void;
  /** Puts TLS on an open connection and shakes hands: `onConnected` or `onError` follows. */
  secure(channel: Channel, secure: Secure): void;
  /** No `onData` until `resume`, which never calls it itself. */
  pause(channel: Channel): void;
  resume(channel: Channel): void;
  /** Closes after what is pending. */
  finish(channel: Channel): void;
  /** Sends FIN after what is pending; reading goes on. */
  end(channel: Channel): void;
  /** Closes at once; pending bytes are lost. */
  close(channel: Channel): void;
  /** Closes at once with RST, so that the peer cannot take what it has for the whole. */
  reset(channel: Channel): void;
  /**
   * Another channel takes the connection over, with what is pending on it: `from` is left without one, and none of its events
   * are called any more, `onClosed` neither. To be called by `from` itself, within an event of it.
   */
  handOver(from: Channel, to: Channel): void;
  /** Calls `channel.onTurnEnd` once, when the events that are at hand are handled: for what is cheaper done together. */
  later(channel: Channel): void;
  /** Takes `count` bytes that were peeked at, to go on behind them. */
  skip(channel: Channel, count: number): void;
  /** Of an open connection, our side. */
  localAddress(channel: Channel): SocketAddress;
  /** When the loop woke last, milliseconds since the worker began: reading the clock costs more than it seems. */
  readonly time: number;
  /** Bytes held for all channels: pending ones, counted here, and those that the core keeps, counted there. */
  buffered: number;
}
