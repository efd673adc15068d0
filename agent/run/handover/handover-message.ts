// What two processes say to each other while the second takes over from the first, as JSON beside the descriptors.
//
//   new: take-over ─► old: sockets ... state ─► new: serving ─► old lets go and finishes what it has
//   Before `serving` either side may hang up, and the old process goes on as if nothing had been asked.
import type { DescriptorMessage } from '#native/descriptor-socket';

/** Of the messages. Another one is refused before anything is handed over. */
export const PROTOCOL = 1;

/** Where one descriptor of a message belongs. */
export interface HandedPlace {
  readonly kind: 'port' | 'redirect';
  readonly address: string;
  readonly port: number;
  readonly worker: number;
}

export type HandoverMessage =
  | { readonly say: 'take-over'; readonly protocol: number; readonly version: string }
  /** One place for each descriptor that comes with it. */
  | { readonly say: 'sockets'; readonly places: readonly HandedPlace[] }
  | { readonly say: 'state'; readonly protocol: number; readonly workers: number; readonly pid: number }
  | { readonly say: 'refused'; readonly reason: string }
  | { readonly say: 'serving' };

export function encodeMessage(message: HandoverMessage): Buffer {
  return Buffer.from(JSON.stringify(message));
}

/** Throws when it is none. Both ends are of one user: this guards against another version, not against malice. */
export function decodeMessage({ bytes }: DescriptorMessage): HandoverMessage {
  const message: unknown = JSON.parse(bytes.toString());
  if (typeof message !== 'object' || message === null || !('say' in message))
    throw new Error('a message that is not of the handover protocol');
  return message as HandoverMessage;
}
