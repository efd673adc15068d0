// Map definitions from BTF: `struct { __uint(type, ...); __type(key, ...); ... } name SEC(".maps");`
// __uint(x, n) is a pointer to an array of n elements, __type(x, T) a pointer to T, __array(values, T) an array of pointers to T.
import { KIND, type Btf } from './btf.ts';
import { holdsMaps, MAP_TYPE, mapTypeName } from './map-type.ts';

export interface MapSpec {
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  /** 0 where the kernel asks for none (socket storage) and where the loader must be told. */
  readonly maxEntries: number;
  readonly flags: number;
  readonly extra: number;
  /** Where its memory is to lie; only with BPF_F_NUMA_NODE in the flags. */
  readonly numaNode: number;
  /** BTF type ids of key and value; 0 when the definition gave sizes only. */
  readonly keyType: number;
  readonly valueType: number;
  /** `__uint(pinning, LIBBPF_PIN_BY_NAME)`: kept for whoever pins, the loader itself pins nothing. */
  readonly pinByName: boolean;
  /** Template of the maps that a map-in-map holds. */
  readonly inner?: MapSpec;
  /** Where the elements of `values` start in the definition; -1 without one. */
  readonly valuesOffset: number;
  /** Where the definition lies in `.maps`; -1 for an inner template. */
  readonly sectionOffset: number;
}

const FIELDS: ReadonlySet<string> = new Set([
  'type',
  'max_entries',
  'map_flags',
  'map_extra',
  'numa_node',
  'key_size',
  'value_size',
  'key',
  'value',
  'values',
  'pinning',
]);

/** @throws ObjectError naming the map and the field. `variable` is the id of a BTF VAR or, for a template, of the struct. */
export function readMapDefinition(btf: Btf, name: string, variable: number, sectionOffset: number): MapSpec {
  const struct = btf.resolve(btf.kind(variable) === KIND.VAR ? btf.sizeOrType(variable) : variable);
  if (btf.kind(struct) !== KIND.STRUCT)
    throw btf.error(`map ${name} is not a struct`, 'define it with __uint and __type in SEC(".maps")');
  const numbers = new Map<string, number>();
  const types = new Map<string, number>();
  let inner: MapSpec | undefined;
  let valuesOffset = -1;
  for (const member of btf.members(struct)) {
    if (!FIELDS.has(member.name))
      throw btf.error(
        `map ${name} has an unknown field ${member.name}`,
        `use one of ${[...FIELDS].join(', ')}`,
      );
    if (member.name === 'values') {
      valuesOffset = member.bitOffset / 8;
      inner = readValues(btf, name, member.type, sectionOffset);
      continue;
    }
    const target = btf.pointee(member.type);
    if (target === undefined)
      throw btf.error(`map ${name}, field ${member.name}: not written by __uint or __type`);
    if (member.name === 'key' || member.name === 'value') {
      // The id before typedefs are followed: the kernel shows the name that the author wrote.
      types.set(member.name, btf.sizeOrType(btf.resolve(member.type)));
      numbers.set(`${member.name}_size`, readSize(btf, name, member.name, target));
    } else {
      numbers.set(member.name, btf.array(target).count);
    }
  }
  const type = numbers.get('type');
  if (type === undefined) throw btf.error(`map ${name} has no type`, 'add __uint(type, BPF_MAP_TYPE_...)');
  if (holdsMaps(type) && inner === undefined)
    throw btf.error(
      `map ${name} (${mapTypeName(type)}) has no inner template`,
      'add __array(values, struct {...})',
    );
  const fdSized = holdsMaps(type) || type === MAP_TYPE.PROG_ARRAY ? 4 : 0;
  return {
    name,
    type,
    keySize: numbers.get('key_size') ?? (type === MAP_TYPE.PROG_ARRAY ? 4 : 0),
    valueSize: numbers.get('value_size') ?? fdSized,
    maxEntries: numbers.get('max_entries') ?? 0,
    flags: numbers.get('map_flags') ?? 0,
    extra: numbers.get('map_extra') ?? 0,
    numaNode: numbers.get('numa_node') ?? 0,
    keyType: types.get('key') ?? 0,
    valueType: types.get('value') ?? 0,
    pinByName: numbers.get('pinning') === 1,
    valuesOffset,
    sectionOffset,
    ...(inner === undefined ? {} : { inner }),
  };
}

/** The kernel's limit lies below, and depends on the type of the map. */
function readSize(btf: Btf, name: string, field: string, type: number): number {
  const size = btf.size(type);
  if (size <= 0xffff_ffff) return size;
  throw btf.error(`map ${name}, field ${field}: ${size} bytes are more than any map takes`);
}

/** The inner template of a map-in-map; nothing for a PROG_ARRAY, whose values are pointers to functions. */
function readValues(btf: Btf, name: string, type: number, sectionOffset: number): MapSpec | undefined {
  if (sectionOffset < 0) throw btf.error(`map ${name}: maps nest only once`);
  const target = btf.pointee(btf.array(btf.resolve(type)).element);
  if (target === undefined) throw btf.error(`map ${name}, field values: not written by __array`);
  return btf.kind(target) === KIND.FUNC_PROTO
    ? undefined
    : readMapDefinition(btf, `${name}.inner`, target, -1);
}
