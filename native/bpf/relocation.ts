// What the instructions of one function refer to: maps, global data, other functions, kernel functions.
// Everything is symbolic here; the linker places functions, loading an object fills in descriptors and ids.
// Source: kernel Documentation/bpf/llvm_reloc.rst. A reference that is not understood is an error, never skipped.
import type { Btf } from './btf.ts';
import type { DataSection } from './data-section.ts';
import {
  SHN_UNDEF,
  STB_WEAK,
  STT_FUNC,
  STT_SECTION,
  type Elf,
  type ElfRelocation,
  type ElfSection,
} from './elf.ts';
import type { MapSpec } from './map-definition.ts';
import type { Externs } from './kfunc.ts';

export const INSTRUCTION_SIZE = 8;
/** Opcodes: BPF_LD | BPF_IMM | BPF_DW (two slots) and BPF_JMP | BPF_CALL. */
const LD_IMM64 = 0x18;
const CALL = 0x85;
/** src_reg of a call to another function of the object. */
const PSEUDO_CALL = 1;
const R_BPF_64_64 = 1;
const R_BPF_64_32 = 10;

/** A function of the object: `size` bytes from `start` of a code section. */
export interface CodeFunction {
  readonly name: string;
  readonly section: ElfSection;
  readonly start: number;
  readonly size: number;
}

/** `at` is the index of the referring instruction in its function. */
export type Reference =
  | { readonly kind: 'map'; readonly at: number; readonly map: string }
  | { readonly kind: 'data'; readonly at: number; readonly section: string; readonly offset: number }
  | { readonly kind: 'call'; readonly at: number; readonly target: CodeFunction }
  | { readonly kind: 'callback'; readonly at: number; readonly target: CodeFunction }
  | { readonly kind: 'kernel-call'; readonly at: number; readonly name: string; readonly weak: boolean }
  | { readonly kind: 'kernel-address'; readonly at: number; readonly name: string; readonly weak: boolean };

/** What references may point to. */
export interface Targets {
  readonly elf: Elf;
  readonly btf: Btf;
  readonly maps: ReadonlyMap<string, MapSpec>;
  readonly data: ReadonlyMap<string, DataSection>;
  readonly externs: Externs;
  /** Functions by "section index:byte offset". */
  readonly functions: ReadonlyMap<string, CodeFunction>;
}

function functionKey(section: number, offset: number): string {
  return `${section}:${offset}`;
}

/** Every function symbol of the code sections, keyed by place. */
export function readFunctions(elf: Elf): Map<string, CodeFunction> {
  const out = new Map<string, CodeFunction>();
  for (const symbol of elf.symbols) {
    const section = elf.sections[symbol.section];
    if (symbol.type !== STT_FUNC || symbol.section === SHN_UNDEF || section === undefined) continue;
    const { name, value: start, size } = symbol;
    if (
      start % INSTRUCTION_SIZE !== 0 ||
      size % INSTRUCTION_SIZE !== 0 ||
      size === 0 ||
      start + size > section.data.length
    )
      throw elf.error(`function ${name} does not lie inside ${section.name}`);
    out.set(functionKey(section.index, start), { name, section, start, size });
  }
  return out;
}

/** References of one function, in the order of its instructions. @throws ObjectError for one that is unknown, unresolved or unsupported. */
export function readReferences(code: CodeFunction, targets: Targets): Reference[] {
  const bytes = code.section.data.subarray(code.start, code.start + code.size);
  const out: Reference[] = [];
  const relocated = new Set<number>();
  for (const relocation of targets.elf.relocations(code.section)) {
    const offset = relocation.offset - code.start;
    if (offset < 0 || offset >= code.size) continue;
    const at = offset / INSTRUCTION_SIZE;
    if (!Number.isInteger(at) || relocated.has(at))
      throw refuse(code, targets, at, relocation, 'does not belong to one instruction');
    relocated.add(at);
    out.push(readReference(code, bytes, at, relocation, targets));
  }
  for (let at = 0; at < code.size / INSTRUCTION_SIZE; at++) {
    const opcode = bytes[at * INSTRUCTION_SIZE];
    if (opcode === LD_IMM64) {
      if ((at + 2) * INSTRUCTION_SIZE > code.size)
        throw targets.elf.error(`function ${code.name} ends inside instruction ${at}`);
      at++;
    } else if (opcode === CALL && source(bytes, at) === PSEUDO_CALL && !relocated.has(at)) {
      // Calls inside one section carry the distance and no relocation.
      const target = code.start + (at + 1 + immediate(bytes, at)) * INSTRUCTION_SIZE;
      out.push({ kind: 'call', at, target: findFunction(code, targets, code.section.index, target, at) });
    }
  }
  return out.sort((a, b) => a.at - b.at);
}

function readReference(
  code: CodeFunction,
  bytes: Buffer,
  at: number,
  relocation: ElfRelocation,
  targets: Targets,
): Reference {
  const { elf, externs } = targets;
  const { symbol, type } = relocation;
  const opcode = bytes[at * INSTRUCTION_SIZE];
  const weak = symbol.binding === STB_WEAK;
  const section = elf.sections[symbol.section];
  if (opcode === CALL && type === R_BPF_64_32) {
    if (symbol.section === SHN_UNDEF) {
      if (externs.functions.has(symbol.name)) return { kind: 'kernel-call', at, name: symbol.name, weak };
      throw refuseUndefined(code, targets, at, relocation);
    }
    if (source(bytes, at) !== PSEUDO_CALL)
      throw refuse(code, targets, at, relocation, 'is not called as a function');
    const target = symbol.value + (immediate(bytes, at) + 1) * INSTRUCTION_SIZE;
    return { kind: 'call', at, target: findFunction(code, targets, symbol.section, target, at) };
  }
  if (opcode !== LD_IMM64 || type !== R_BPF_64_64 || (at + 2) * INSTRUCTION_SIZE > code.size)
    throw refuse(
      code,
      targets,
      at,
      relocation,
      `is referred to by relocation type ${type} of opcode ${opcode}`,
    );
  if (symbol.section === SHN_UNDEF) {
    if (externs.functions.has(symbol.name) || externs.variables.has(symbol.name))
      return { kind: 'kernel-address', at, name: symbol.name, weak };
    throw refuseUndefined(code, targets, at, relocation);
  }
  if (section === undefined)
    throw refuse(code, targets, at, relocation, 'lies in no section', 'compile with -fno-common');
  const offset = symbol.value + immediate(bytes, at);
  if (section.name === '.maps') {
    for (const map of targets.maps.values())
      if (map.sectionOffset === offset) return { kind: 'map', at, map: map.name };
    throw refuse(code, targets, at, relocation, 'is not the start of a map');
  }
  if (targets.data.has(section.name)) {
    if (offset < 0 || offset > section.size)
      throw refuse(code, targets, at, relocation, `lies beyond ${section.name}`);
    return { kind: 'data', at, section: section.name, offset };
  }
  if (symbol.type === STT_FUNC || (symbol.type === STT_SECTION && section.name === '.text'))
    return { kind: 'callback', at, target: findFunction(code, targets, section.index, offset, at) };
  throw refuse(
    code,
    targets,
    at,
    relocation,
    `lies in section ${section.name}, which is neither data, maps nor code`,
  );
}

function findFunction(
  code: CodeFunction,
  targets: Targets,
  section: number,
  offset: number,
  at: number,
): CodeFunction {
  const found = targets.functions.get(functionKey(section, offset));
  if (found !== undefined) return found;
  throw targets.elf.error(
    `${code.name}, instruction ${at}: no function starts at byte ${offset} of section ${section}`,
  );
}

function source(bytes: Buffer, at: number): number {
  return bytes.readUInt8(at * INSTRUCTION_SIZE + 1) >> 4;
}

function immediate(bytes: Buffer, at: number): number {
  return bytes.readInt32LE(at * INSTRUCTION_SIZE + 4);
}

function refuseUndefined(code: CodeFunction, targets: Targets, at: number, relocation: ElfRelocation): Error {
  const mend = 'define it, or declare it extern ... __ksym';
  return refuse(code, targets, at, relocation, 'is defined nowhere', mend);
}

function refuse(
  code: CodeFunction,
  targets: Targets,
  at: number,
  relocation: ElfRelocation,
  problem: string,
  mend?: string,
): Error {
  const { elf } = targets;
  const name = relocation.symbol.name || elf.sections[relocation.symbol.section]?.name || 'an unnamed symbol';
  return elf.error(`${code.name}, instruction ${at}: ${name} ${problem}`, mend);
}
