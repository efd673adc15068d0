// Bytes of a connection that were read and cannot be used yet: part of a head, or requests that came early. Grows by
// doubling; whether a partial head is worth another scan is decided so that a peer that sends byte by byte costs linear time.
import type { Bytes, Io } from '../channel.ts';

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const SMALLEST = 1024;

export class Stash {
  bytes: Bytes | null = null;
  start = 0;
  end = 0;
  /** How much of a partial head the last scan has seen; 0 when there was none. */
  scanned = 0;

  add(io: Io, bytes: Bytes, start: number, end: number): void {
    const { held } = this;
    io.buffered += end - start;
    let own = this.bytes;
    if (own === null || own.buffer.length - this.end < end - start) {
      const larger = io.allocate(Math.max(SMALLEST, held * 2, held + end - start));
      own?.buffer.copy(larger.buffer, 0, this.start, this.end);
      this.bytes = own = larger;
      this.start = 0;
      this.end = held;
    }
    bytes.buffer.copy(own.buffer, this.end, start, end);
    this.end += end - start;
  }

  get held(): number {
    return this.bytes === null ? 0 : this.end - this.start;
  }

  /** Bytes up to `next` were used. */
  use(io: Io, next: number): void {
    io.buffered -= next - this.start;
    if (next >= this.end) this.bytes = null;
    else this.start = next;
  }

  clear(io: Io): void {
    io.buffered -= this.held;
    this.bytes = null;
    this.scanned = 0;
  }

  /** Scanning a partial head again costs: only when it may be complete, or has doubled. */
  worthScanning(buffer: Buffer, start: number, end: number): boolean {
    if (this.scanned === 0 || end - start >= this.scanned * 2) return true;
    return buffer.subarray(start + Math.max(0, this.scanned - 3), end).includes(END_OF_HEAD);
  }
}
