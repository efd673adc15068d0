// A compiled BPF object as plain data: its maps, programs, variables and types. Pure: no system call is made here.
import { Btf } from './btf.ts';
import { readBtfExt, type BtfExt } from './btf-ext.ts';
import { loadableBtf } from './btf-fixup.ts';
import {
  placeVariables,
  readDataSections,
  readVariables,
  type DataSection,
  type PlacedSection,
  type VariableSpec,
} from './data-section.ts';
import { Elf, SHF_EXECINSTR, SHT_REL } from './elf.ts';
import { readInitialValues, type InitialValue } from './initial-value.ts';
import { readExterns } from './kfunc.ts';
import { link, type Code } from './linker.ts';
import { readMapDefinition, type MapSpec } from './map-definition.ts';
import { readFunctions, type Targets } from './relocation.ts';
import { programKind, type ProgramKind } from './section-name.ts';

export interface ProgramSpec extends ProgramKind {
  readonly name: string;
  readonly section: string;
  readonly code: Code;
}

/** Everything by name, in the order of the object. */
export class ObjectSpec {
  readonly name: string;
  readonly license: string;
  readonly maps: ReadonlyMap<string, MapSpec>;
  readonly programs: ReadonlyMap<string, ProgramSpec>;
  readonly variables: ReadonlyMap<string, VariableSpec>;
  readonly dataSections: ReadonlyMap<string, DataSection>;
  /** Elements of maps of maps and program arrays that the definitions fill. */
  readonly initialValues: readonly InitialValue[];
  /** The object's types: type ids of maps and variables refer to it. */
  readonly btf: Btf;
  /** The same types as the kernel takes them. */
  readonly loadableBtf: Buffer;

  private constructor(parts: ObjectSpec) {
    this.name = parts.name;
    this.license = parts.license;
    this.maps = parts.maps;
    this.programs = parts.programs;
    this.variables = parts.variables;
    this.dataSections = parts.dataSections;
    this.initialValues = parts.initialValues;
    this.btf = parts.btf;
    this.loadableBtf = parts.loadableBtf;
  }

  /**
   * Reads an object that clang -target bpf compiled.
   * @param name stands in every error, best the file's name
   * @throws ObjectError when the bytes are truncated, foreign or use what this loader does not know
   */
  static read(bytes: Buffer, name: string): ObjectSpec {
    const elf = Elf.read(bytes, name);
    const types = elf.section('.BTF');
    if (types === undefined)
      throw elf.error('no BTF', 'compile with clang -g and strip with llvm-strip -g only');
    const btf = Btf.read(types.data, name);
    const placed = placeVariables(elf, btf);
    const dataSections = readDataSections(elf, btf);
    const maps = readMaps(btf, placed.get('.maps'));
    const functions = readFunctions(elf);
    const targets: Targets = { elf, btf, maps, data: dataSections, externs: readExterns(btf), functions };
    refuseRelocatedData(elf);
    return new ObjectSpec({
      name,
      license: readLicense(elf),
      maps,
      programs: readPrograms(targets, readExt(elf, btf)),
      variables: readVariables(btf, dataSections, placed),
      dataSections,
      initialValues: readInitialValues(elf, maps),
      btf,
      loadableBtf: loadableBtf(elf, btf, placed),
    });
  }
}

function readExt(elf: Elf, btf: Btf): BtfExt {
  const section = elf.section('.BTF.ext');
  if (section === undefined)
    throw elf.error(
      'no .BTF.ext (without func_info the kernel would silently skip CO-RE relocations)',
      'compile with -g',
    );
  return readBtfExt(section.data, btf);
}

function readMaps(btf: Btf, section: PlacedSection | undefined): Map<string, MapSpec> {
  const maps = new Map<string, MapSpec>();
  for (const { variable, offset } of section?.entries ?? []) {
    const map = readMapDefinition(btf, btf.name(variable), variable, offset);
    maps.set(map.name, map);
  }
  return maps;
}

/** Functions outside .text are programs; those in .text are what programs call. */
function readPrograms(targets: Targets, ext: BtfExt): Map<string, ProgramSpec> {
  const programs = new Map<string, ProgramSpec>();
  for (const code of targets.functions.values()) {
    const section = code.section.name;
    if (section === '.text') continue;
    if ((code.section.flags & SHF_EXECINSTR) === 0)
      throw targets.elf.error(`function ${code.name} is not in a code section`);
    const kind = programKind(section);
    if (kind === undefined)
      throw targets.elf.error(
        `program ${code.name} is in section "${section}", which names no program type`,
        'use a section name such as cgroup/connect4, tcx/ingress, xdp, sockops or sk_msg',
      );
    programs.set(code.name, { name: code.name, section, ...kind, code: link(code, targets, ext) });
  }
  return programs;
}

function readLicense(elf: Elf): string {
  const data = elf.section('license')?.data;
  if (data === undefined) throw elf.error('no license', 'add char LICENSE[] SEC("license") = "GPL";');
  const end = data.indexOf(0);
  return data.toString('latin1', 0, end < 0 ? data.length : end);
}

/** Pointers inside data would need addresses that only the kernel knows. */
function refuseRelocatedData(elf: Elf): void {
  for (const section of elf.sections) {
    const target = section.type === SHT_REL ? elf.sections[section.info] : undefined;
    if (target === undefined || section.size === 0) continue;
    if (/^\.(rodata|data|bss)/.test(target.name))
      throw elf.error(
        `${target.name} holds pointers, which cannot be loaded`,
        'fill it from user space, or index an array',
      );
  }
}
