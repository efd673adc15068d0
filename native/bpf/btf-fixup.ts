// Turns the BTF that the compiler wrote into BTF that the kernel takes (BPF_BTF_LOAD): places of variables filled in,
// externs replaced by definitions, hidden functions made static so that they are verified with their callers.
import { KIND, type Btf } from './btf.ts';
import type { PlacedSection } from './data-section.ts';
import { STB_LOCAL, STT_FUNC, STV_DEFAULT, type Elf } from './elf.ts';

const TYPE_SIZE = 12;
const VAR_GLOBAL = 1;
const FUNC_STATIC = 0;
const FUNC_GLOBAL = 1;
const FUNC_EXTERN = 2;
const EXTERN_NAME = 'sluice_extern';

/** A copy of the object's BTF, ready to load. Type ids stay what they were; two types may be added at the end. */
export function loadableBtf(elf: Elf, btf: Btf, placed: ReadonlyMap<string, PlacedSection>): Buffer {
  const bytes = Buffer.from(btf.bytes);
  for (const section of placed.values()) placeSection(bytes, btf, section);
  hideFunctions(bytes, elf, btf);
  const ksyms = btf.find('.ksyms', KIND.DATASEC);
  return ksyms === undefined ? bytes : replaceExterns(bytes, btf, ksyms);
}

function placeSection(bytes: Buffer, btf: Btf, section: PlacedSection): void {
  let at = btf.offset(section.id);
  bytes.writeUInt32LE(section.size, at + 8);
  at += TYPE_SIZE;
  for (const { variable, offset, size } of section.entries) {
    bytes.writeUInt32LE(variable, at);
    bytes.writeUInt32LE(offset, at + 4);
    bytes.writeUInt32LE(size, at + 8);
    at += 12;
  }
}

/** A global function with hidden visibility is nobody's interface: static linkage verifies it in its callers' context. */
function hideFunctions(bytes: Buffer, elf: Elf, btf: Btf): void {
  const hidden = new Set<string>();
  for (const symbol of elf.symbols)
    if (symbol.type === STT_FUNC && symbol.binding !== STB_LOCAL && symbol.visibility !== STV_DEFAULT)
      hidden.add(symbol.name);
  if (hidden.size === 0) return;
  for (let id = 1; id < btf.count; id++)
    if (btf.kind(id) === KIND.FUNC && hidden.has(btf.name(id)))
      bytes.writeUInt16LE(FUNC_STATIC, btf.offset(id) + 4);
}

/** The kernel takes no extern functions and wants variables in a DATASEC: an int variable stands in for each entry. */
function replaceExterns(bytes: Buffer, btf: Btf, ksyms: number): Buffer {
  const nameOffset = btf.strings.length;
  const intId = btf.count;
  const section = btf.offset(ksyms);
  const entries = btf.sectionEntries(ksyms);
  bytes.writeUInt32LE(entries.length * 4, section + 8);
  for (const [index, { type, entry }] of entries.entries()) {
    if (btf.kind(type) === KIND.FUNC) defineFunction(bytes, btf, type, nameOffset);
    else bytes.writeUInt32LE(VAR_GLOBAL, btf.offset(type) + TYPE_SIZE);
    bytes.writeUInt32LE(intId + 1, entry);
    bytes.writeUInt32LE(index * 4, entry + 4);
    bytes.writeUInt32LE(4, entry + 8);
  }
  // INT of 32 bits, then a global VAR of it.
  const added = [nameOffset, KIND.INT << 24, 4, 32, nameOffset, KIND.VAR << 24, intId, VAR_GLOBAL];
  return append(bytes, btf, Buffer.from(Uint32Array.from(added).buffer), Buffer.from(`${EXTERN_NAME}\0`));
}

function defineFunction(bytes: Buffer, btf: Btf, id: number, nameOffset: number): void {
  if (btf.vlen(id) === FUNC_EXTERN) bytes.writeUInt16LE(FUNC_GLOBAL, btf.offset(id) + 4);
  const prototype = btf.sizeOrType(id);
  if (btf.kind(prototype) !== KIND.FUNC_PROTO) throw btf.error(`function ${btf.name(id)} has no prototype`);
  // Parameters of a defined function must have names; clang gives declarations none.
  for (let index = 0, at = btf.offset(prototype) + TYPE_SIZE; index < btf.vlen(prototype); index++, at += 8)
    if (bytes.readUInt32LE(at) === 0 && bytes.readUInt32LE(at + 4) !== 0) bytes.writeUInt32LE(nameOffset, at);
}

/** Adds types and strings, and writes the header anew: types first, strings behind them. */
function append(bytes: Buffer, btf: Btf, types: Buffer, strings: Buffer): Buffer {
  const header = Buffer.from(bytes.subarray(0, bytes.readUInt32LE(4)));
  const typesStart = header.length + header.readUInt32LE(8);
  const oldTypes = bytes.subarray(typesStart, typesStart + header.readUInt32LE(12));
  header.writeUInt32LE(0, 8);
  header.writeUInt32LE(oldTypes.length + types.length, 12);
  header.writeUInt32LE(oldTypes.length + types.length, 16);
  header.writeUInt32LE(btf.strings.length + strings.length, 20);
  const oldStrings = bytes.subarray(btf.stringsStart, btf.stringsStart + btf.strings.length);
  return Buffer.concat([header, oldTypes, types, oldStrings, strings]);
}
