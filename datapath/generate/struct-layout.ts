// What the maps of an object carry: every struct and enum that a key or value type reaches, with offsets from the BTF.
import { KIND, type Btf, type BtfMember } from '#native/bpf/btf';
import type { MapSpec } from '#native/bpf/map-definition';

type FieldKind =
  | { readonly kind: 'integer'; readonly bytes: 1 | 2 | 4 | 8; readonly bigEndian: boolean }
  | { readonly kind: 'bytes'; readonly length: number }
  | { readonly kind: 'struct'; readonly name: string };

export interface Field {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly type: FieldKind;
  /** For people: the C type's name. */
  readonly c: string;
}

export interface StructLayout {
  readonly name: string;
  readonly size: number;
  readonly fields: readonly Field[];
}

export interface EnumLayout {
  readonly name: string;
  readonly values: readonly (readonly [name: string, value: number])[];
}

export interface Layout {
  /** Nested structs before the ones that hold them. */
  readonly structs: readonly StructLayout[];
  readonly enums: readonly EnumLayout[];
}

/** @throws Error naming the struct and field for a type that has no counterpart here (pointers, bit fields, unions). */
export function readLayout(btf: Btf, maps: Iterable<MapSpec>): Layout {
  const structs = new Map<string, StructLayout>();
  const enums = new Map<string, EnumLayout>();
  const visit = (id: number): void => {
    const at = btf.resolve(id);
    if (btf.kind(at) === KIND.ENUM) enums.set(btf.name(at), readEnum(btf, at));
    if (btf.kind(at) !== KIND.STRUCT || structs.has(btf.name(at))) return;
    const members = btf.members(at);
    for (const member of members) visit(member.type);
    const fields = members.map((member) => readField(btf, btf.name(at), member));
    const layout = { name: btf.name(at), size: btf.size(at), fields };
    checkNoGaps(layout);
    structs.set(layout.name, layout);
  };
  for (const map of maps)
    for (const spec of map.inner === undefined ? [map] : [map, map.inner]) {
      visit(spec.keyType);
      visit(spec.valueType);
    }
  return { structs: [...structs.values()], enums: [...enums.values()] };
}

function readField(btf: Btf, struct: string, member: BtfMember): Field {
  const where = `struct ${struct}, field ${member.name}`;
  if (member.bitSize !== 0)
    throw new Error(`${where}: bit fields have no layout here. Mend: use whole bytes`);
  const at = btf.resolve(member.type);
  return {
    name: member.name,
    offset: member.bitOffset / 8,
    size: btf.size(at),
    type: readKind(btf, where, member.type),
    c: describe(btf, member.type),
  };
}

function readKind(btf: Btf, where: string, id: number): FieldKind {
  const at = btf.resolve(id);
  switch (btf.kind(at)) {
    case KIND.INT:
    case KIND.ENUM: {
      const bytes = btf.size(at);
      if (bytes !== 1 && bytes !== 2 && bytes !== 4 && bytes !== 8)
        throw new Error(`${where}: ${bytes}-byte integer. Mend: use 1, 2, 4 or 8 bytes`);
      // The kernel's names for network order, include/uapi/linux/types.h
      return {
        kind: 'integer',
        bytes,
        bigEndian: btf.kind(id) === KIND.TYPEDEF && btf.name(id).startsWith('__be'),
      };
    }
    case KIND.ARRAY:
      return { kind: 'bytes', length: btf.size(at) };
    case KIND.STRUCT:
      return { kind: 'struct', name: btf.name(at) };
    default:
      throw new Error(`${where}: a type without a layout here. Mend: use integers, arrays and structs`);
  }
}

function describe(btf: Btf, id: number): string {
  if (btf.kind(id) !== KIND.ARRAY) return btf.name(id);
  const { element, count } = btf.array(id);
  return `${btf.name(element)}[${count}]`;
}

function readEnum(btf: Btf, id: number): EnumLayout {
  const at = btf.offset(id) + 12;
  const values = Array.from({ length: btf.vlen(id) }, (_, i): [string, number] => [
    btf.string(btf.bytes.readUInt32LE(at + 8 * i)),
    btf.bytes.readInt32LE(at + 8 * i + 4),
  ]);
  return { name: btf.name(id), values };
}

/** Implicit padding holds garbage on the stack of a BPF program, and garbage in a key is a different key. */
function checkNoGaps(layout: StructLayout): void {
  let end = 0;
  for (const field of layout.fields) {
    if (field.offset !== end) throw new Error(gap(layout.name, end, field.offset));
    end = field.offset + field.size;
  }
  if (end !== layout.size) throw new Error(gap(layout.name, end, layout.size));
}

function gap(struct: string, from: number, to: number): string {
  return `struct ${struct}: bytes ${from} to ${to} belong to no field. Mend: name the padding (__u32 pad)`;
}
