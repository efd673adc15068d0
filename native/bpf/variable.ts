// Global variables of a loaded object: bytes for .rodata before the load, and a live view of .data and .bss after it.
import { PROT_READ, PROT_WRITE, Mapping } from '../memory.ts';
import type { VariableSpec } from './data-section.ts';
import type { BpfMap } from './map.ts';
import { pageSize } from './page-size.ts';

/** A value for a variable: a number for 1, 2, 4 or 8 bytes, or exactly the variable's bytes. */
export type VariableValue = number | bigint | boolean | Buffer;

/** Little-endian bytes of a value. @throws RangeError naming the variable when the value does not fit it */
export function encodeValue(name: string, size: number, value: VariableValue): Buffer {
  if (Buffer.isBuffer(value)) {
    if (value.length === size) return value;
    throw new RangeError(`variable ${name} has ${size} bytes, the value has ${value.length}`);
  }
  if (size !== 1 && size !== 2 && size !== 4 && size !== 8)
    throw new RangeError(`variable ${name} has ${size} bytes: give a Buffer of that size, not a number`);
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw new RangeError(`variable ${name}: ${value} is not an integer`);
  const number = BigInt(value);
  const bits = BigInt(size * 8);
  if (number >= 1n << bits || number < -(1n << (bits - 1n)))
    throw new RangeError(`variable ${name}: ${number} does not fit into ${size} bytes`);
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt.asUintN(64, number));
  return out.subarray(0, size);
}

/** A variable of .data, .bss or .rodata while its object is loaded. */
export class BpfVariable {
  readonly name: string;
  readonly size: number;
  readonly #offset: number;
  readonly #memory: SectionMemory;

  constructor(spec: VariableSpec, memory: SectionMemory) {
    this.name = spec.name;
    this.size = spec.size;
    this.#offset = spec.offset;
    this.#memory = memory;
  }

  /** A copy of the bytes. */
  read(): Buffer {
    return Buffer.from(this.#memory.bytes().subarray(this.#offset, this.#offset + this.size));
  }

  /** The unsigned value of a variable of 1, 2, 4 or 8 bytes; aligned ones are read whole, never torn. */
  get(): bigint {
    const bytes = this.#memory.bytes();
    const at = bytes.byteOffset + this.#offset;
    if (at % this.size === 0) {
      if (this.size === 8) return new BigUint64Array(bytes.buffer, at, 1)[0] ?? 0n;
      if (this.size === 4) return BigInt(new Uint32Array(bytes.buffer, at, 1)[0] ?? 0);
    }
    if (this.size > 8) throw new RangeError(`variable ${this.name} has ${this.size} bytes: use read()`);
    const wide = Buffer.alloc(8);
    this.read().copy(wide);
    return wide.readBigUInt64LE();
  }

  /** @throws RangeError when the value does not fit, TypeError for .rodata, which is frozen */
  set(value: VariableValue): void {
    const encoded = encodeValue(this.name, this.size, value);
    const bytes = this.#memory.writableBytes(this.name);
    const at = bytes.byteOffset + this.#offset;
    if (this.size === 8 && at % 8 === 0)
      new BigUint64Array(bytes.buffer, at, 1)[0] = encoded.readBigUInt64LE();
    else if (this.size === 4 && at % 4 === 0)
      new Uint32Array(bytes.buffer, at, 1)[0] = encoded.readUInt32LE();
    else encoded.copy(bytes, this.#offset);
  }
}

/** The mapped value of a data section's map; mapped on first use. */
export class SectionMemory {
  readonly #map: BpfMap;
  readonly #readOnly: boolean;
  #mapping: Mapping | undefined;
  #open = true;

  constructor(map: BpfMap, readOnly: boolean) {
    this.#map = map;
    this.#readOnly = readOnly;
  }

  /** @throws Error after close: the memory is gone then. */
  bytes(): Buffer {
    if (!this.#open) throw new Error(`variables of ${this.#map.name}: the object is closed`);
    this.#mapping ??= Mapping.open(
      this.#map.fd,
      Math.ceil(this.#map.valueSize / pageSize()) * pageSize(),
      this.#readOnly ? PROT_READ : PROT_READ | PROT_WRITE,
    );
    return this.#mapping.buffer;
  }

  writableBytes(name: string): Buffer {
    if (this.#readOnly) throw new TypeError(`variable ${name} is constant: set it in the load configuration`);
    return this.bytes();
  }

  close(): void {
    this.#open = false;
    this.#mapping?.close();
    this.#mapping = undefined;
  }
}
