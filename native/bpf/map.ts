// A BPF map in the kernel: create or adopt, look up, update, delete, iterate, pin.
// Keys and values are buffers of exactly the map's sizes; every length is checked, since the kernel would read past them.
import { EEXIST, EINVAL, ENOENT } from '../errno.ts';
import { addressOf, fcntl, must } from '../libc.ts';
import { allocatePinned, type Pinned } from '../memory.ts';
import { Attribute } from './attribute.ts';
import { COMMAND, type Command } from './command.ts';
import { deleteBatch, lookupBatch, updateBatch, type MapBatch } from './map-batch.ts';
import { isPerCpu, mapTypeName } from './map-type.ts';
import { infoName, readInfo } from './object-info.ts';
import { checkKind } from './object-kind.ts';
import { openPin, pinFd } from './pin.ts';
import { possibleCpus } from './possible-cpus.ts';
import { bpfAt, BpfError, closeFd, mustBpf } from './syscall.ts';

const F_DUPFD_CLOEXEC = 1030;
const TWO_32 = 0x1_0000_0000;
/** map_fd, key, value or next key, flags of `union bpf_attr`. */
const ELEMENT_SIZE = 32;

export interface MapOptions {
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags?: number;
  readonly extra?: number;
  readonly numaNode?: number;
  /** Template of the maps that a map-in-map holds; it is not kept. */
  readonly innerMap?: BpfMap;
  /** BTF types of key and value; socket storage needs them. */
  readonly btf?: { readonly fd: number; readonly keyType: number; readonly valueType: number };
}

/** Owns its descriptor: close() it, pinned or not. */
export class BpfMap {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  /** Bytes of one value, as defined. */
  readonly valueSize: number;
  /** Bytes that lookups and updates move: valueSize, or for per-CPU maps roundUp(valueSize, 8) times possibleCpus(). */
  readonly valueBytes: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly #element: Pinned = allocatePinned(ELEMENT_SIZE);
  #fd: number;

  private constructor(fd: number) {
    const info = readInfo(fd, 'map');
    this.#fd = fd;
    this.type = info.readUInt32LE(0);
    this.id = info.readUInt32LE(4);
    this.keySize = info.readUInt32LE(8);
    this.valueSize = info.readUInt32LE(12);
    this.maxEntries = info.readUInt32LE(16);
    this.flags = info.readUInt32LE(20);
    this.name = infoName(info, 24);
    this.valueBytes = isPerCpu(this.type)
      ? Math.ceil(this.valueSize / 8) * 8 * possibleCpus()
      : this.valueSize;
    this.#element.buffer.writeUInt32LE(fd, 0);
  }

  /** -1 once closed: the number may be another file's by then. */
  get fd(): number {
    return this.#fd;
  }

  /** @throws BpfError naming the map and its shape */
  static create(options: MapOptions): BpfMap {
    const attribute = new Attribute()
      .u32(0, options.type)
      .u32(4, options.keySize)
      .u32(8, options.valueSize)
      .u32(12, options.maxEntries)
      .u32(16, options.flags ?? 0)
      .u32(20, options.innerMap?.fd ?? 0)
      .u32(24, options.numaNode ?? 0)
      .name(28, options.name)
      .u64(64, options.extra ?? 0);
    if (options.btf !== undefined)
      attribute.u32(48, options.btf.fd).u32(52, options.btf.keyType).u32(56, options.btf.valueType);
    return BpfMap.#adopt(mustBpf('BPF_MAP_CREATE', attribute, describe(options)));
  }

  /** Adopts a pinned map. @throws BpfError, ENOENT when nothing is pinned there */
  static fromPin(path: string): BpfMap {
    return BpfMap.#adopt(openPin(path, 'map'));
  }

  /** A second handle on a map that someone else owns: the descriptor is duplicated, theirs is left alone. */
  static fromFd(fd: number): BpfMap {
    checkKind(fd, 'map', `fd ${fd}`);
    return BpfMap.#adopt(must('fcntl', fcntl(fd, F_DUPFD_CLOEXEC, 0), `fd ${fd}`));
  }

  static #adopt(fd: number): BpfMap {
    try {
      return new BpfMap(fd);
    } catch (error) {
      closeFd(fd);
      throw error;
    }
  }

  /** A copy of the value, or undefined when the key is absent. */
  lookup(key: Buffer): Buffer | undefined {
    const out = Buffer.alloc(this.valueBytes);
    return this.lookupInto(key, out) ? out : undefined;
  }

  /** Writes the value into `out` (valueBytes long); false when the key is absent. */
  lookupInto(key: Buffer, out: Buffer): boolean {
    this.#checkLength('value', out, this.valueBytes);
    return this.#run('BPF_MAP_LOOKUP_ELEM', key, out, 0) !== -ENOENT;
  }

  /**
   * Writes a value. `flags`: UPDATE.ANY, NOEXIST or EXIST.
   * @throws BpfError; E2BIG when the map is full, EEXIST / ENOENT when `flags` forbid it
   */
  update(key: Buffer, value: Buffer, flags = 0): void {
    this.#checkLength('value', value, this.valueBytes);
    const result = this.#run('BPF_MAP_UPDATE_ELEM', key, value, flags);
    if (result < 0) throw new BpfError('BPF_MAP_UPDATE_ELEM', -result, `map ${this.name}`);
  }

  /** Puts a descriptor into a map that holds maps, programs or sockets (value size 4 or 8). */
  updateFd(key: Buffer, fd: number, flags = 0): void {
    const value = Buffer.alloc(this.valueSize);
    value.writeUInt32LE(fd, 0);
    this.update(key, value, flags);
  }

  /** False when the key was absent. */
  delete(key: Buffer): boolean {
    return this.#run('BPF_MAP_DELETE_ELEM', key, undefined, 0) !== -ENOENT;
  }

  /** Takes an entry out and gives its value, in one step; queues and stacks take an empty key. */
  take(key: Buffer): Buffer | undefined {
    const out = Buffer.alloc(this.valueBytes);
    return this.takeInto(key, out) ? out : undefined;
  }

  /** The same into `out` (valueBytes long); false when the key was absent. Hash maps: Linux 5.14. */
  takeInto(key: Buffer, out: Buffer): boolean {
    this.#checkLength('value', out, this.valueBytes);
    return this.#run('BPF_MAP_LOOKUP_AND_DELETE_ELEM', key, out, 0) !== -ENOENT;
  }

  /** Copies of all keys. Keys written or deleted meanwhile may be missed or come twice, as the kernel says. */
  *keys(): Generator<Buffer> {
    let key: Buffer | undefined;
    // The kernel begins anew at a key that is gone: where keys come and go fast enough that would have no end.
    for (let left = 2 * this.maxEntries; left > 0; left--) {
      const next = Buffer.alloc(this.keySize);
      if (this.#run('BPF_MAP_GET_NEXT_KEY', key, next, 0) === -ENOENT) return;
      yield next;
      key = next;
    }
  }

  /** Copies of all entries; a key that vanishes meanwhile is left out. */
  *entries(): Generator<[key: Buffer, value: Buffer]> {
    for (const key of this.keys()) {
      const value = this.lookup(key);
      if (value !== undefined) yield [key, value];
    }
  }

  /** Writes `count` entries that lie end to end in `keys` and `values`. @throws BpfError */
  updateBatch(keys: Buffer, values: Buffer, count: number): void {
    this.#checkLength('keys', keys, this.keySize * count);
    this.#checkLength('values', values, this.valueBytes * count);
    updateBatch(this, keys, values, count);
  }

  /** Deletes `count` keys that lie end to end; absent ones do not matter. @throws BpfError */
  deleteBatch(keys: Buffer, count: number): void {
    this.#checkLength('keys', keys, this.keySize * count);
    deleteBatch(this, keys, count);
  }

  /** All entries, end to end. */
  lookupBatch(): MapBatch {
    return lookupBatch(this);
  }

  /** No more writes from user space, for good; a frozen map that programs only read becomes constant to the verifier. */
  freeze(): void {
    mustBpf('BPF_MAP_FREEZE', new Attribute().u32(0, this.fd), `map ${this.name}`);
  }

  pin(path: string): void {
    pinFd(this.fd, path);
  }

  close(): void {
    if (this.#fd < 0) return;
    closeFd(this.#fd);
    this.#fd = -1;
  }

  /** 0, or -ENOENT / -EEXIST which callers look at; every other errno is thrown. */
  #run(command: Command, key: Buffer | undefined, value: Buffer | undefined, flags: number): number {
    if (this.#fd < 0) throw new BpfError(command, EINVAL, `map ${this.name}`, 'it is closed');
    if (key !== undefined) this.#checkLength('key', key, this.keySize);
    const { buffer, address } = this.#element;
    writeAddress(buffer, 8, key);
    writeAddress(buffer, 16, value);
    buffer.writeUInt32LE(flags, 24);
    const result = bpfAt(COMMAND[command], address, ELEMENT_SIZE, key, value);
    if (result >= 0 || result === -ENOENT || result === -EEXIST) return result;
    throw new BpfError(command, -result, `map ${this.name}`);
  }

  #checkLength(what: string, buffer: Buffer, length: number): void {
    if (buffer.length !== length)
      throw new RangeError(`map ${this.name}: ${what} has ${buffer.length} bytes, the map takes ${length}`);
  }
}

function writeAddress(target: Buffer, offset: number, buffer: Buffer | undefined): void {
  const address = buffer === undefined || buffer.length === 0 ? 0 : addressOf(buffer);
  target.writeUInt32LE(address % TWO_32, offset);
  target.writeUInt32LE(Math.floor(address / TWO_32), offset + 4);
}

function describe(options: MapOptions): string {
  const { name, type, keySize, valueSize, maxEntries, flags = 0 } = options;
  const shape = `key ${keySize} B, value ${valueSize} B, ${maxEntries} entries, flags 0x${flags.toString(16)}`;
  return `map ${name} (${mapTypeName(type)}, ${shape})`;
}
