// Global variables: the data sections of an object (.rodata, .data, .bss) and where each variable lies in them.
// The compiler leaves sizes and offsets of BTF DATASEC entries at 0; the symbol table knows them.
import { KIND, type Btf } from './btf.ts';
import {
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHN_UNDEF,
  SHT_NOBITS,
  STT_SECTION,
  type Elf,
  type ElfSection,
} from './elf.ts';

/** Above this a section size is damage, not data. */
const MAX_SECTION = 64 << 20;

/** One global variable. `type` is its BTF type (not the VAR). */
export interface VariableSpec {
  readonly name: string;
  readonly section: string;
  readonly offset: number;
  readonly size: number;
  readonly type: number;
}

/** A section that becomes an array map with one entry. */
export interface DataSection {
  readonly name: string;
  /** Initial bytes; zeroes for .bss. */
  readonly initial: Buffer;
  readonly readOnly: boolean;
  /** Id of its BTF DATASEC, 0 when there is none (string literals). */
  readonly type: number;
}

/** A DATASEC of the BTF with the places that the symbol table gives its variables, in ascending order. */
export interface PlacedSection {
  readonly id: number;
  readonly size: number;
  readonly entries: readonly { readonly variable: number; readonly offset: number; readonly size: number }[];
}

/** Data sections by name. */
export function readDataSections(elf: Elf, btf: Btf): Map<string, DataSection> {
  const out = new Map<string, DataSection>();
  for (const section of elf.sections) {
    if (!isData(section)) continue;
    if (section.size > MAX_SECTION) throw elf.error(`${section.name} claims ${section.size} bytes`);
    if (section.type !== SHT_NOBITS && section.data.length !== section.size)
      throw elf.error(`${section.name} is cut off`);
    out.set(section.name, {
      name: section.name,
      initial: section.type === SHT_NOBITS ? Buffer.alloc(section.size) : Buffer.from(section.data),
      readOnly: section.name.startsWith('.rodata'),
      type: btf.find(section.name, KIND.DATASEC) ?? 0,
    });
  }
  return out;
}

/** Places the variables of every DATASEC that has a section in the object. @throws ObjectError when a symbol is missing. */
export function placeVariables(elf: Elf, btf: Btf): Map<string, PlacedSection> {
  const symbols = new Map<string, number>();
  for (const symbol of elf.symbols)
    if (symbol.section !== SHN_UNDEF && symbol.type !== STT_SECTION)
      symbols.set(`${symbol.section}:${symbol.name}`, symbol.value);
  const out = new Map<string, PlacedSection>();
  for (let id = 1; id < btf.count; id++) {
    if (btf.kind(id) !== KIND.DATASEC) continue;
    const name = btf.name(id);
    const section = elf.section(name);
    if (section === undefined) continue;
    const entries = btf.sectionEntries(id).map(({ type, size }) => {
      if (btf.kind(type) !== KIND.VAR && btf.kind(type) !== KIND.FUNC)
        throw btf.error(`${name} holds type ${type}, which is no variable`);
      const offset = symbols.get(`${section.index}:${btf.name(type)}`);
      if (offset === undefined) throw elf.error(`variable ${btf.name(type)} of ${name} has no symbol`);
      if (offset + size > section.size) throw elf.error(`variable ${btf.name(type)} ends beyond ${name}`);
      return { variable: type, offset, size };
    });
    // The kernel wants ascending offsets; the compiler writes the order of declaration.
    entries.sort((a, b) => a.offset - b.offset);
    out.set(name, { id, size: section.size, entries });
  }
  return out;
}

/** Variables of the data sections by name. A name that two sections share is refused: it could not be configured. */
export function readVariables(
  btf: Btf,
  sections: ReadonlyMap<string, DataSection>,
  placed: ReadonlyMap<string, PlacedSection>,
): Map<string, VariableSpec> {
  const out = new Map<string, VariableSpec>();
  for (const section of sections.keys()) {
    for (const { variable, offset, size } of placed.get(section)?.entries ?? []) {
      const name = btf.name(variable);
      const other = out.get(name);
      if (other !== undefined)
        throw btf.error(`variable ${name} is in ${other.section} and in ${section}`, 'rename one of them');
      out.set(name, { name, section, offset, size, type: btf.sizeOrType(variable) });
    }
  }
  return out;
}

function isData(section: ElfSection): boolean {
  const data = (section.flags & SHF_ALLOC) !== 0 && (section.flags & SHF_EXECINSTR) === 0 && section.size > 0;
  return data && /^\.(rodata|data|bss)(\.|$)/.test(section.name);
}
