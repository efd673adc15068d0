// What the last request of a connection asked for: keep-alive clients ask for the same host, and often the same path, again.
// Comparing some 50 bytes costs less than cutting three strings and finding the listener.
import type { CompiledConfig, ServedListener } from '../compiled-config.ts';
import type { Head } from './head.ts';

const CAPACITY = 192;

export class RequestMemo {
  path = '';
  query = '';
  host = '';
  listener: ServedListener | undefined = undefined;
  config: CompiledConfig | undefined = undefined;
  readonly #bytes = Buffer.allocUnsafe(CAPACITY);
  #targetLength = -1;
  #hostLength = 0;

  /** Are target and Host those of the last `keep`, byte for byte? */
  holds(bytes: Buffer, head: Head): boolean {
    const length = head.targetEnd - head.targetStart;
    if (length !== this.#targetLength || head.host < 0) return false;
    const hostStart = head.valueStart(head.host);
    const hostLength = head.valueEnd(head.host) - hostStart;
    if (hostLength !== this.#hostLength) return false;
    const own = this.#bytes;
    for (let i = 0, at = head.targetStart; i < length; i++, at++) if (own[i] !== bytes[at]) return false;
    for (let i = length, at = hostStart; i < length + hostLength; i++, at++)
      if (own[i] !== bytes[at]) return false;
    return true;
  }

  /** Remembers target and Host; what is too long is not worth it. */
  keep(bytes: Buffer, head: Head): void {
    this.#targetLength = -1;
    this.config = undefined;
    const length = head.targetEnd - head.targetStart;
    if (head.host < 0) return;
    const start = head.valueStart(head.host);
    const end = head.valueEnd(head.host);
    if (length + end - start > CAPACITY) return;
    bytes.copy(this.#bytes, 0, head.targetStart, head.targetEnd);
    bytes.copy(this.#bytes, length, start, end);
    this.#targetLength = length;
    this.#hostLength = end - start;
  }
}
