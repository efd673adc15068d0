// BPF Type Format: the types of an object or of the kernel, read in place and bounds-checked.
// Source: kernel Documentation/bpf/btf.rst. Type ids are 1..count-1; id 0 is void.
import { readString } from './elf.ts';
import { ObjectError, REBUILD } from './object-error.ts';

export const KIND = {
  VOID: 0,
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  FWD: 7,
  TYPEDEF: 8,
  VOLATILE: 9,
  CONST: 10,
  RESTRICT: 11,
  FUNC: 12,
  FUNC_PROTO: 13,
  VAR: 14,
  DATASEC: 15,
  FLOAT: 16,
  DECL_TAG: 17,
  TYPE_TAG: 18,
  ENUM64: 19,
} as const;

const MAGIC = 0xeb9f;
const TYPE_SIZE = 12;
/** Bytes after a type's 12, by kind: fixed, and per element of vlen. */
const FIXED: readonly number[] = [0, 4, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 4, 0, 0];
const PER_ELEMENT: readonly number[] = [0, 0, 0, 0, 12, 12, 8, 0, 0, 0, 0, 0, 0, 8, 0, 12, 0, 0, 0, 12];
/** Deeper nesting than any compiler writes: a damaged object that points at itself must not hang us. */
const MAX_DEPTH = 32;
const POINTER_SIZE = 8;

/** A member of a struct or union; `bitOffset` from its start, `bitSize` 0 unless it is a bit field. */
export interface BtfMember {
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  readonly bitSize: number;
}

/** A variable of a DATASEC; `entry` is where its 12-byte record starts in the type bytes. */
export interface BtfSectionEntry {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly entry: number;
}

export class Btf {
  readonly file: string;
  readonly bytes: Buffer;
  readonly strings: Buffer;
  /** Where the string section starts in `bytes`. */
  readonly stringsStart: number;
  /** Where each type's record starts in `bytes`, by id. */
  readonly #offsets: readonly number[];

  private constructor(
    file: string,
    bytes: Buffer,
    stringsStart: number,
    strings: Buffer,
    offsets: readonly number[],
  ) {
    this.file = file;
    this.bytes = bytes;
    this.stringsStart = stringsStart;
    this.strings = strings;
    this.#offsets = offsets;
  }

  /** @throws ObjectError for damaged BTF. `bytes` is kept, not copied. */
  static read(bytes: Buffer, file: string): Btf {
    const refuse = (problem: string, mend: string = REBUILD): ObjectError =>
      new ObjectError(file, `BTF: ${problem}`, mend);
    if (bytes.length < 24) throw refuse('shorter than its header');
    if (bytes.readUInt16LE(0) !== MAGIC) throw refuse('wrong magic number');
    const header = bytes.readUInt32LE(4);
    const start = header + bytes.readUInt32LE(8);
    const end = start + bytes.readUInt32LE(12);
    const stringsStart = header + bytes.readUInt32LE(16);
    const stringsEnd = stringsStart + bytes.readUInt32LE(20);
    if (header < 24 || end > bytes.length || stringsEnd > bytes.length || stringsEnd === stringsStart)
      throw refuse('sections end beyond its bytes (truncated?)');
    if (bytes[stringsStart] !== 0 || bytes[stringsEnd - 1] !== 0)
      throw refuse('the string section is damaged');

    const offsets = [-1];
    for (let at = start; at < end;) {
      if (at + TYPE_SIZE > end) throw refuse(`type ${offsets.length} is cut off`);
      const info = bytes.readUInt32LE(at + 4);
      const kind = (info >>> 24) & 31;
      const fixed = FIXED[kind];
      if (fixed === undefined || kind === KIND.VOID)
        throw refuse(
          `type ${offsets.length} is of unknown kind ${kind}`,
          'use an object built by clang 15 to 19',
        );
      offsets.push(at);
      at += TYPE_SIZE + fixed + (PER_ELEMENT[kind] ?? 0) * (info & 0xffff);
      if (at > end) throw refuse(`type ${offsets.length - 1} is cut off`);
    }
    return new Btf(file, bytes, stringsStart, bytes.subarray(stringsStart, stringsEnd), offsets);
  }

  /** Number of type ids, void included. */
  get count(): number {
    return this.#offsets.length;
  }

  /** Where a type's record starts in `bytes`. */
  offset(id: number): number {
    const offset = this.#offsets[id];
    if (offset === undefined || offset < 0) throw this.error(`there is no type ${id}`);
    return offset;
  }

  kind(id: number): number {
    return id === 0 ? KIND.VOID : (this.bytes.readUInt32LE(this.offset(id) + 4) >>> 24) & 31;
  }

  vlen(id: number): number {
    return id === 0 ? 0 : this.bytes.readUInt16LE(this.offset(id) + 4);
  }

  /** The type's name; '' when it has none. */
  name(id: number): string {
    return id === 0 ? 'void' : this.string(this.bytes.readUInt32LE(this.offset(id)));
  }

  nameOffset(id: number): number {
    return this.bytes.readUInt32LE(this.offset(id));
  }

  /** The size of a sized kind, the target's id of a referring kind. */
  sizeOrType(id: number): number {
    return this.bytes.readUInt32LE(this.offset(id) + 8);
  }

  /** The word after the record: linkage of a VAR, encoding of an INT. */
  extra(id: number): number {
    return this.bytes.readUInt32LE(this.offset(id) + TYPE_SIZE);
  }

  array(id: number): { readonly element: number; readonly count: number } {
    if (this.kind(id) !== KIND.ARRAY) throw this.error(`type ${id} is not an array`);
    const at = this.offset(id) + TYPE_SIZE;
    return { element: this.bytes.readUInt32LE(at), count: this.bytes.readUInt32LE(at + 8) };
  }

  /** Members of a struct or union, in order. */
  members(id: number): BtfMember[] {
    const kind = this.kind(id);
    if (kind !== KIND.STRUCT && kind !== KIND.UNION)
      throw this.error(`type ${id} is neither struct nor union`);
    const at = this.offset(id);
    // With the kind flag set an offset is 24 bits of position and 8 bits of bit field size.
    const packed = this.bytes.readUInt32LE(at + 4) >>> 31 === 1;
    return Array.from({ length: this.vlen(id) }, (_, index) => {
      const member = at + TYPE_SIZE + index * 12;
      const offset = this.bytes.readUInt32LE(member + 8);
      return {
        name: this.string(this.bytes.readUInt32LE(member)),
        type: this.bytes.readUInt32LE(member + 4),
        bitOffset: packed ? offset & 0xff_ffff : offset,
        bitSize: packed ? offset >>> 24 : 0,
      };
    });
  }

  sectionEntries(id: number): BtfSectionEntry[] {
    if (this.kind(id) !== KIND.DATASEC) throw this.error(`type ${id} is not a data section`);
    const at = this.offset(id) + TYPE_SIZE;
    return Array.from({ length: this.vlen(id) }, (_, index) => {
      const entry = at + index * 12;
      return {
        type: this.bytes.readUInt32LE(entry),
        offset: this.bytes.readUInt32LE(entry + 4),
        size: this.bytes.readUInt32LE(entry + 8),
        entry,
      };
    });
  }

  string(offset: number): string {
    const text = readString(this.strings, offset);
    if (text === undefined) throw this.error(`there is no string at ${offset}`);
    return text;
  }

  /** The first type of this name and kind. */
  find(name: string, kind: number): number | undefined {
    for (let id = 1; id < this.count; id++) if (this.kind(id) === kind && this.name(id) === name) return id;
    return undefined;
  }

  /** Follows typedefs, qualifiers and type tags to the type behind them. */
  resolve(id: number): number {
    for (let depth = 0, at = id; depth < MAX_DEPTH; depth++) {
      const kind = this.kind(at);
      const refers =
        kind === KIND.TYPEDEF ||
        kind === KIND.VOLATILE ||
        kind === KIND.CONST ||
        kind === KIND.RESTRICT ||
        kind === KIND.TYPE_TAG;
      if (!refers) return at;
      at = this.sizeOrType(at);
    }
    throw this.error(`type ${id} refers to itself`);
  }

  /** The target of a pointer (typedefs followed on both sides), or undefined when it is no pointer. */
  pointee(id: number): number | undefined {
    const at = this.resolve(id);
    return this.kind(at) === KIND.PTR ? this.resolve(this.sizeOrType(at)) : undefined;
  }

  /** Bytes that a value of the type takes. */
  size(id: number, depth = 0): number {
    if (depth > MAX_DEPTH) throw this.error(`type ${id} contains itself`);
    const at = this.resolve(id);
    const kind = this.kind(at);
    switch (kind) {
      case KIND.PTR:
        return POINTER_SIZE;
      case KIND.ARRAY: {
        const { element, count } = this.array(at);
        return this.size(element, depth + 1) * count;
      }
      case KIND.VAR:
        return this.size(this.sizeOrType(at), depth + 1);
      case KIND.INT:
      case KIND.STRUCT:
      case KIND.UNION:
      case KIND.ENUM:
      case KIND.ENUM64:
      case KIND.FLOAT:
      case KIND.DATASEC:
        return this.sizeOrType(at);
      default:
        throw this.error(`type ${id} (kind ${kind}) has no size`);
    }
  }

  error(problem: string, mend: string = REBUILD): ObjectError {
    return new ObjectError(this.file, `BTF: ${problem}`, mend);
  }
}
