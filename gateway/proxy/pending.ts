// Bytes that the kernel would not take yet, kept with their channel in one growing piece of memory.
import type { Bytes, Channel, Io } from './channel.ts';

const SMALLEST = 4096;
const NOTHING: Bytes = { buffer: Buffer.alloc(0), address: 0 };

/** Adds a copy of `bytes` from `start` to `end`. */
export function keepPending(io: Io, channel: Channel, bytes: Bytes, start: number, end: number): void {
  const held = channel.pending === null ? 0 : channel.pendingEnd - channel.pendingStart;
  const added = end - start;
  let pending = channel.pending;
  if (pending === null || pending.buffer.length - channel.pendingEnd < added) {
    const larger = io.allocate(Math.max(SMALLEST, held + added, held * 2));
    pending?.buffer.copy(larger.buffer, 0, channel.pendingStart, channel.pendingEnd);
    pending = larger;
    channel.pendingStart = 0;
    channel.pendingEnd = held;
  }
  bytes.buffer.copy(pending.buffer, channel.pendingEnd, start, end);
  channel.pending = pending;
  channel.pendingEnd += added;
  io.buffered += added;
}

export function releasePending(io: Io, channel: Channel): void {
  if (channel.pending === null) return;
  io.buffered -= channel.pendingEnd - channel.pendingStart;
  channel.pending = null;
}

/** `to` takes what is pending on `from`. */
export function movePending(from: Channel, to: Channel): void {
  to.pending = from.pending;
  to.pendingStart = from.pendingStart;
  to.pendingEnd = from.pendingEnd;
  from.pending = null;
}

/** Nothing is left but what the protocol below has to say when there is room: the channel counts as pending until then. */
export function awaitRoom(channel: Channel): void {
  channel.pending = NOTHING;
  channel.pendingStart = 0;
  channel.pendingEnd = 0;
}
