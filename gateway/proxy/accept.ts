// Takes what waits in a listener's queue.
import { acceptConnection, peerOfAccepted } from '#native/socket';
import { EAGAIN, EMFILE, ENFILE, ENOBUFS, ENOMEM } from '#native/errno';
import { lastErrno } from '#native/libc';

const ACCEPTS_PER_TURN = 64;

/** What `acceptWaiting` left behind: an empty queue, perhaps more, or no descriptors to take it out with. */
const ACCEPT_EMPTY = 0;
const ACCEPT_MORE = 1;
export const ACCEPT_EXHAUSTED = 2;

export type Accepted = (fd: number, address: string, port: number) => void;

export function acceptWaiting(
  listener: number,
  accepted: Accepted,
  limit: number = ACCEPTS_PER_TURN,
): number {
  for (let i = 0; i < limit; i++) {
    const fd = acceptConnection(listener);
    if (fd < 0) {
      const errno = lastErrno();
      if (errno === EAGAIN) return ACCEPT_EMPTY;
      if (errno === EMFILE || errno === ENFILE || errno === ENOBUFS || errno === ENOMEM)
        return ACCEPT_EXHAUSTED;
      // ECONNABORTED and the like concern one connection that is gone already.
      continue;
    }
    const { address, port } = peerOfAccepted();
    accepted(fd, address, port);
  }
  return ACCEPT_MORE;
}
