// How bytes pass between a channel and its descriptor: as they are, or through TLS. The counts are those of recv(2) and send(2);
// after -1, `transferErrno` says why, when it is asked at once.
import type { SocketAddress } from '#native/address';
import { lastErrno, recv, send } from '#native/libc';
import { localAddress } from '#native/socket';
import type { Channel } from './channel.ts';

const MSG_PEEK = 2;
const MSG_TRUNC = 0x20;
const MSG_NOSIGNAL = 0x4000;

export function receive(channel: Channel, address: number, size: number): number {
  return channel.secure === null
    ? recv(channel.fd, address, size, channel.peeks ? MSG_PEEK : 0)
    : channel.secure.recv(address, size);
}

export function transmit(channel: Channel, address: number, size: number): number {
  return channel.secure === null
    ? send(channel.fd, address, size, MSG_NOSIGNAL)
    : channel.secure.send(address, size);
}

export function transferErrno(channel: Channel): number {
  return channel.secure === null ? lastErrno() : channel.secure.errno;
}

/** Throws `count` bytes away that were peeked at: TCP copies none with MSG_TRUNC (tcp(7)). */
export function skipPeeked(channel: Channel, count: number): void {
  recv(channel.fd, 0, count, MSG_TRUNC);
}

export function localAddressOf(channel: Channel): SocketAddress {
  return localAddress(channel.fd);
}

/** The last thing before the descriptor is closed. Where something waits to be written, the peer is not told that it has all. */
export function endTransfer(channel: Channel): void {
  const { secure } = channel;
  if (secure === null) return;
  if (channel.pending === null && !channel.broken && !channel.connecting) secure.end();
  secure.free();
  channel.secure = null;
}
