// How much is read at once from one side: more and more as long as the other takes it at once, so that a fast pair needs few
// calls; whoever meets a slow reader goes back to SLOW_READ, and little is held for it.
import { FULL_READ, type Channel } from '../channel.ts';

/** `count` bytes were read and all of them were taken opposite. */
export function adaptReadSize(channel: Channel, count: number): void {
  if (count === channel.readSize && count < FULL_READ) channel.readSize = Math.min(count * 2, FULL_READ);
}
