// Who the client is when proxies that we trust stand in front of us: each of them has added the address that it saw to
// X-Forwarded-For, so the one that the outermost of them saw stands that many places from the end. What stands before was said
// by the client itself and counts for nothing.
import { cutText } from './copy.ts';
import type { Head } from './head.ts';

/** The address as it stands there, '' when the header has fewer. `hops` is at least 1. */
export function trustedClient(bytes: Buffer, head: Head, hops: number): string {
  if (head.forwardedFor < 0) return '';
  // Of several lines the last one has what was added last. A trusted proxy that starts a new line each time is not to be had.
  const text = cutText(bytes, head.valueStart(head.forwardedFor), head.valueEnd(head.forwardedFor));
  return text.split(',').at(-hops)?.trim() ?? '';
}
