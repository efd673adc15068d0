// `union bpf_attr` under construction: little-endian fields at fixed offsets, and the buffers that its pointers keep alive.
import { addressOf } from '../libc.ts';
import { allocatePinned, type Pinned } from '../memory.ts';

/** Covers the largest attribute in use (BPF_PROG_LOAD); the kernel takes a longer one as long as the rest is zero. */
const SIZE = 160;
const TWO_32 = 0x1_0000_0000;

/** Hold the Attribute until the call has returned: it holds every buffer whose address it carries. */
export class Attribute {
  readonly size: number = SIZE;
  readonly #memory: Pinned = allocatePinned(SIZE);
  readonly #held: NodeJS.ArrayBufferView[] = [];

  get address(): number {
    return this.#memory.address;
  }

  /** @throws RangeError for what would be cut to 32 bits, signed or not */
  u32(offset: number, value: number): this {
    if (value >>> 0 !== value && (value | 0) !== value)
      throw new RangeError(`${value} does not fit into the 32 bits at byte ${offset} of bpf_attr`);
    this.#memory.buffer.writeUInt32LE(value >>> 0, offset);
    return this;
  }

  /** An unsigned number up to 2^53: addresses, flags, sizes. */
  u64(offset: number, value: number): this {
    this.#memory.buffer.writeUInt32LE(value % TWO_32, offset);
    this.#memory.buffer.writeUInt32LE(Math.floor(value / TWO_32), offset + 4);
    return this;
  }

  /** The buffer's address; nothing or an empty buffer is NULL. */
  pointer(offset: number, target: NodeJS.ArrayBufferView | undefined): this {
    if (target === undefined || target.byteLength === 0) return this.u64(offset, 0);
    this.#held.push(target);
    return this.u64(offset, addressOf(target));
  }

  /** A path or name passed by address, NUL-terminated. */
  text(offset: number, value: string): this {
    return this.pointer(offset, Buffer.from(`${value}\0`));
  }

  /** An object name inside the attribute: 15 bytes at most, and only characters that the kernel allows. */
  name(offset: number, value: string): this {
    this.#memory.buffer.write(value.replaceAll(/[^\w.]/g, '_').slice(0, 15), offset, 'latin1');
    return this;
  }

  readU32(offset: number): number {
    return this.#memory.buffer.readUInt32LE(offset);
  }
}
