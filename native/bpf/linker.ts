// Joins a program with every function that it calls or takes the address of, as the kernel wants it: one instruction
// stream, the program first, each function once, with func_info, line_info and CO-RE records moved along.
import type { BtfExt } from './btf-ext.ts';
import {
  INSTRUCTION_SIZE,
  readReferences,
  type CodeFunction,
  type Reference,
  type Targets,
} from './relocation.ts';

const PSEUDO_CALL = 1;
const PSEUDO_FUNC = 4;
/** BPF_MAX_SUBPROGS of the kernel, the program included. It also bounds how deep `place` goes. */
const MAX_FUNCTIONS = 256;

/** What is left to fill in when descriptors and kernel ids are known; `at` counts instructions of the linked stream. */
export type Fixup = Exclude<Reference, { readonly kind: 'call' | 'callback' }>;

/** A linked program. The record buffers have the layout that BPF_PROG_LOAD takes. */
export interface Code {
  readonly instructions: Buffer;
  readonly fixups: readonly Fixup[];
  readonly funcInfo: Buffer;
  readonly lineInfo: Buffer;
  readonly coreRelos: Buffer;
}

/** What a function brings along wherever it is placed; the records keep the offsets of their section. */
interface Piece {
  readonly references: readonly Reference[];
  readonly funcs: readonly Buffer[];
  readonly lines: readonly Buffer[];
  readonly relos: readonly Buffer[];
}

/** Programs of one object share functions, and finding a function's records means looking at all of its section. */
const pieces = new WeakMap<CodeFunction, Piece>();

/** A program under construction. */
interface Link {
  readonly targets: Targets;
  readonly ext: BtfExt;
  /** Index of each function's first instruction. */
  readonly placed: Map<CodeFunction, number>;
  readonly parts: Buffer[];
  readonly references: { readonly base: number; readonly list: readonly Reference[] }[];
  readonly funcs: Buffer[];
  readonly lines: Buffer[];
  readonly relos: Buffer[];
  length: number;
}

/** @throws ObjectError for unresolved references, and for functions without func_info (the kernel would skip CO-RE) */
export function link(entry: CodeFunction, targets: Targets, ext: BtfExt): Code {
  const placed = new Map<CodeFunction, number>();
  const into: Link = {
    targets,
    ext,
    placed,
    parts: [],
    references: [],
    funcs: [],
    lines: [],
    relos: [],
    length: 0,
  };
  place(entry, into);
  const instructions = Buffer.concat(into.parts);
  return {
    instructions,
    fixups: into.references.flatMap(({ base, list }) => placeReferences(instructions, base, list, placed)),
    funcInfo: Buffer.concat(into.funcs),
    lineInfo: Buffer.concat(into.lines),
    coreRelos: Buffer.concat(into.relos),
  };
}

/**
 * Appends a function, then what it refers to, depth first in the order of its instructions. libbpf places functions in
 * the same order, so that program tags can be compared with it.
 */
function place(code: CodeFunction, into: Link): void {
  if (into.placed.size === MAX_FUNCTIONS)
    throw into.targets.elf.error(
      `a program reaches more than the ${MAX_FUNCTIONS} functions that the kernel takes`,
      'inline the small ones (__always_inline), or split the program',
    );
  const base = into.length;
  const piece = pieceOf(code, into);
  into.placed.set(code, base);
  into.length += code.size / INSTRUCTION_SIZE;
  into.parts.push(code.section.data.subarray(code.start, code.start + code.size));
  move(piece.funcs, code, base, 'instructions', into.funcs);
  move(piece.lines, code, base, 'instructions', into.lines);
  move(piece.relos, code, base, 'bytes', into.relos);
  into.references.push({ base, list: piece.references });
  for (const reference of piece.references)
    if ((reference.kind === 'call' || reference.kind === 'callback') && !into.placed.has(reference.target))
      place(reference.target, into);
}

/** Writes the distances of calls and callbacks; gives back what only the kernel's answers can resolve. */
function placeReferences(
  instructions: Buffer,
  base: number,
  list: readonly Reference[],
  placed: ReadonlyMap<CodeFunction, number>,
): Fixup[] {
  const out: Fixup[] = [];
  for (const reference of list) {
    const at = base + reference.at;
    if (reference.kind !== 'call' && reference.kind !== 'callback') {
      out.push({ ...reference, at });
      continue;
    }
    const slot = at * INSTRUCTION_SIZE;
    const pseudo = reference.kind === 'call' ? PSEUDO_CALL : PSEUDO_FUNC;
    instructions.writeUInt8((instructions.readUInt8(slot + 1) & 15) | (pseudo << 4), slot + 1);
    instructions.writeInt32LE((placed.get(reference.target) ?? 0) - at - 1, slot + 4);
    if (reference.kind === 'callback') instructions.writeInt32LE(0, slot + 12);
  }
  return out;
}

function pieceOf(code: CodeFunction, { ext, targets }: Link): Piece {
  const known = pieces.get(code);
  if (known !== undefined) return known;
  const section = code.section.name;
  const funcs = within(code, ext.funcInfo.get(section));
  if (funcs.length !== 1 || funcs[0]?.readUInt32LE(0) !== code.start)
    throw targets.elf.error(
      `function ${code.name} has no func_info, so the kernel would silently skip its CO-RE relocations`,
      'compile with -g and keep .BTF.ext (llvm-strip -g keeps it)',
    );
  const piece = {
    references: readReferences(code, targets),
    funcs,
    lines: within(code, ext.lineInfo.get(section)),
    relos: within(code, ext.coreRelos.get(section)),
  };
  pieces.set(code, piece);
  return piece;
}

function within(code: CodeFunction, records: readonly Buffer[] | undefined): Buffer[] {
  return (records ?? []).filter((record) => {
    const offset = record.readUInt32LE(0) - code.start;
    return offset >= 0 && offset < code.size;
  });
}

/** func_info and line_info count instructions in BPF_PROG_LOAD, CO-RE records count bytes. */
function move(
  records: readonly Buffer[],
  code: CodeFunction,
  base: number,
  unit: 'instructions' | 'bytes',
  into: Buffer[],
): void {
  for (const record of records) {
    const moved = Buffer.from(record);
    const bytes = record.readUInt32LE(0) - code.start + base * INSTRUCTION_SIZE;
    moved.writeUInt32LE(unit === 'bytes' ? bytes : Math.floor(bytes / INSTRUCTION_SIZE), 0);
    into.push(moved);
  }
}
