// Reads the ELF64 relocatable objects that clang -target bpf writes: sections, symbols and REL records, bounds-checked.
// Source: ELF-64 Object File Format 1.5; relocation types: kernel Documentation/bpf/llvm_reloc.rst.
import { ObjectError, REBUILD } from './object-error.ts';

const SHT_SYMTAB = 2;
export const SHT_NOBITS = 8;
export const SHT_REL = 9;
export const SHF_ALLOC = 2;
export const SHF_EXECINSTR = 4;
export const STT_FUNC = 2;
export const STT_SECTION = 3;
export const STB_LOCAL = 0;
export const STB_WEAK = 2;
export const STV_DEFAULT = 0;
export const SHN_UNDEF = 0;

const HEADER_SIZE = 64;
const SECTION_SIZE = 64;
const SYMBOL_SIZE = 24;
const REL_SIZE = 16;
const EM_BPF = 247;
const MACHINES: Readonly<Record<number, string>> = { 3: 'x86', 62: 'x86-64', 183: 'arm64', 243: 'RISC-V' };

export interface ElfSection {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly link: number;
  readonly info: number;
  /** Bytes in memory; `data` is empty for NOBITS (.bss). */
  readonly size: number;
  readonly data: Buffer;
}

export interface ElfSymbol {
  readonly name: string;
  readonly type: number;
  readonly binding: number;
  readonly visibility: number;
  /** Section index; SHN_UNDEF for an extern. */
  readonly section: number;
  readonly value: number;
  readonly size: number;
}

export interface ElfRelocation {
  readonly offset: number;
  readonly type: number;
  readonly symbol: ElfSymbol;
}

/** A parsed object. Section and symbol order is the file's. */
export class Elf {
  readonly file: string;
  readonly sections: readonly ElfSection[];
  readonly symbols: readonly ElfSymbol[];

  private constructor(file: string, sections: readonly ElfSection[], symbols: readonly ElfSymbol[]) {
    this.file = file;
    this.sections = sections;
    this.symbols = symbols;
  }

  /** @throws ObjectError for anything but a whole, little-endian, relocatable BPF object. */
  static read(bytes: Buffer, file: string): Elf {
    checkHeader(bytes, file);
    const sections = readSections(bytes, file);
    return new Elf(file, sections, readSymbols(sections, file));
  }

  section(name: string): ElfSection | undefined {
    return this.sections.find((section) => section.name === name);
  }

  /** REL records that apply to a section, in file order. */
  relocations(target: ElfSection): ElfRelocation[] {
    const out: ElfRelocation[] = [];
    for (const section of this.sections) {
      if (section.type !== SHT_REL || section.info !== target.index) continue;
      const { data, name } = section;
      if (data.length % REL_SIZE !== 0) throw this.error(`${name} holds a partial relocation record`);
      for (let at = 0; at < data.length; at += REL_SIZE) {
        const offset = readNumber(data, at);
        const index = data.readUInt32LE(at + 12);
        const symbol = this.symbols[index];
        if (symbol === undefined) throw this.error(`${name} refers to symbol ${index}, which does not exist`);
        if (offset >= target.size)
          throw this.error(`${name} relocates byte ${offset}, beyond the end of ${target.name}`);
        out.push({ offset, type: data.readUInt32LE(at + 8), symbol });
      }
    }
    return out;
  }

  error(problem: string, mend: string = REBUILD): ObjectError {
    return new ObjectError(this.file, problem, mend);
  }
}

/** The NUL-terminated string at an offset of a string table. */
export function readString(table: Buffer, offset: number): string | undefined {
  if (offset >= table.length) return undefined;
  const end = table.indexOf(0, offset);
  return end < 0 ? undefined : table.toString('latin1', offset, end);
}

function checkHeader(bytes: Buffer, file: string): void {
  const refuse = (problem: string, mend = 'give the .o file that clang -target bpf wrote'): never => {
    throw new ObjectError(file, problem, mend);
  };
  if (bytes.length < HEADER_SIZE) refuse(`${bytes.length} bytes are too few for an ELF object`, REBUILD);
  if (bytes.readUInt32BE(0) !== 0x7f454c46) refuse('not an ELF object');
  if (bytes[4] !== 2) refuse('not a 64-bit ELF object');
  if (bytes[5] !== 1) refuse('a big-endian object', 'compile with -target bpfel');
  const machine = bytes.readUInt16LE(18);
  if (machine !== EM_BPF) refuse(`compiled for ${MACHINES[machine] ?? `machine ${machine}`}, not for BPF`);
  const type = bytes.readUInt16LE(16);
  if (type !== 1) refuse(`ELF type ${type} is not a relocatable object`);
  if (bytes.readUInt16LE(58) !== SECTION_SIZE) refuse('section headers of an unknown size', REBUILD);
}

function readSections(bytes: Buffer, file: string): ElfSection[] {
  const start = readNumber(bytes, 40);
  const count = bytes.readUInt16LE(60);
  if (count === 0) throw new ObjectError(file, 'no section headers', REBUILD);
  if (start + count * SECTION_SIZE > bytes.length)
    throw new ObjectError(
      file,
      `section headers end beyond the file's ${bytes.length} bytes (truncated?)`,
      REBUILD,
    );
  const names = sectionBytes(bytes, start + bytes.readUInt16LE(62) * SECTION_SIZE, file);
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * SECTION_SIZE;
    const name = readString(names, bytes.readUInt32LE(at));
    if (name === undefined) throw new ObjectError(file, `section ${index} has no readable name`, REBUILD);
    const type = bytes.readUInt32LE(at + 4);
    return {
      index,
      name,
      type,
      flags: readNumber(bytes, at + 8),
      link: bytes.readUInt32LE(at + 40),
      info: bytes.readUInt32LE(at + 44),
      size: readNumber(bytes, at + 32),
      // A NULL section's offset and size mean nothing.
      data: type === SHT_NOBITS || type === 0 ? Buffer.alloc(0) : sectionBytes(bytes, at, file, name),
    };
  });
}

function sectionBytes(bytes: Buffer, header: number, file: string, name = 'section names'): Buffer {
  if (header + SECTION_SIZE > bytes.length) throw new ObjectError(file, `no header for ${name}`, REBUILD);
  const offset = readNumber(bytes, header + 24);
  const size = readNumber(bytes, header + 32);
  if (offset + size > bytes.length)
    throw new ObjectError(file, `${name} ends beyond the file's ${bytes.length} bytes (truncated?)`, REBUILD);
  return bytes.subarray(offset, offset + size);
}

function readSymbols(sections: readonly ElfSection[], file: string): ElfSymbol[] {
  const table = sections.find((section) => section.type === SHT_SYMTAB);
  if (table === undefined) throw new ObjectError(file, 'no symbol table', 'strip with llvm-strip -g only');
  const names = sections[table.link]?.data;
  if (names === undefined || table.data.length % SYMBOL_SIZE !== 0)
    throw new ObjectError(file, 'the symbol table is damaged', REBUILD);
  return Array.from({ length: table.data.length / SYMBOL_SIZE }, (_, index) => {
    const at = index * SYMBOL_SIZE;
    const name = readString(names, table.data.readUInt32LE(at));
    if (name === undefined) throw new ObjectError(file, `symbol ${index} has no readable name`, REBUILD);
    const info = table.data.readUInt8(at + 4);
    return {
      name,
      type: info & 15,
      binding: info >> 4,
      visibility: table.data.readUInt8(at + 5) & 3,
      section: table.data.readUInt16LE(at + 6),
      value: readNumber(table.data, at + 8),
      size: readNumber(table.data, at + 16),
    };
  });
}

/** A 64-bit field as a number; what does not fit comes out beyond every bound that is checked against. */
function readNumber(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 0x1_0000_0000;
}
