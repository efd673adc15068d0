// Memory that C may write into: buffers with a fixed address, and mmap(2) regions.
import { addressOf, lastErrno, mmap, munmap, viewOf } from './libc.ts';
import { SystemError } from './errno.ts';

export const PROT_READ = 1;
export const PROT_WRITE = 2;
const MAP_SHARED = 1;

/** A buffer that owns its memory and knows its address. Hold the object, not just the address. */
export interface Pinned {
  readonly buffer: Buffer;
  readonly address: number;
}

/** Zeroed memory of `size` bytes at a fixed address. */
export function allocatePinned(size: number): Pinned {
  const buffer = Buffer.allocUnsafeSlow(size).fill(0);
  return { buffer, address: addressOf(buffer) };
}

/** The same without zeroing, for memory of which only what was written is ever read or sent. */
export function allocateUnzeroed(size: number): Pinned {
  const buffer = Buffer.allocUnsafeSlow(size);
  return { buffer, address: addressOf(buffer) };
}

/** What a call in progress must not lose. */
let inUse: unknown;

/**
 * Runs a call while `value` cannot be collected: once only a buffer's address is left in use, V8 may let the buffer go.
 * The call reads errno itself.
 */
export function holding<T>(value: unknown, call: () => T): T {
  const outer = inUse;
  inUse = [value, outer];
  try {
    return call();
  } finally {
    inUse = outer;
  }
}

/** A mapped region; `buffer` reads and writes it without a copy until `close`. */
export class Mapping {
  readonly address: number;
  readonly length: number;
  readonly buffer: Buffer;
  #open = true;

  private constructor(address: number, length: number) {
    this.address = address;
    this.length = length;
    this.buffer = Buffer.from(viewOf(address, length));
  }

  /** Maps `length` bytes of `fd` from `offset`; `protection` is PROT_READ, PROT_WRITE or both. */
  static open(fd: number, length: number, protection: number, offset = 0): Mapping {
    const address = mmap(0, length, protection, MAP_SHARED, fd, offset);
    // MAP_FAILED is (void *)-1, which arrives here as 2^64 - 1 rounded to a double.
    if (address <= 0 || address > Number.MAX_SAFE_INTEGER)
      throw new SystemError('mmap', lastErrno(), `fd ${fd}`);
    return new Mapping(address, length);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    munmap(this.address, this.length);
  }
}
