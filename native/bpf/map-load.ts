// Maps of an object in the kernel: created from their definitions, adopted from the caller, filled from data sections.
import { MAP_FLAG, MAP_TYPE, holdsMaps, mapTypeName, takesBtf } from './map-type.ts';
import type { DataSection, VariableSpec } from './data-section.ts';
import { BpfMap } from './map.ts';
import type { MapSpec } from './map-definition.ts';
import { ObjectError } from './object-error.ts';
import { pageSize } from './page-size.ts';
import type { ObjectSpec } from './object-spec.ts';
import { encodeValue, type VariableValue } from './variable.ts';

/** Creates a map as defined; `maxEntries` replaces the definition's. @throws BpfError */
export function createMap(spec: MapSpec, btfFd: number, maxEntries: number = spec.maxEntries): BpfMap {
  const inner = holdsMaps(spec.type) && spec.inner !== undefined ? createMap(spec.inner, btfFd) : undefined;
  const typed = takesBtf(spec.type) && spec.keyType !== 0 && spec.valueType !== 0;
  try {
    return BpfMap.create({
      name: spec.name,
      type: spec.type,
      keySize: spec.keySize,
      valueSize: spec.valueSize,
      maxEntries: spec.type === MAP_TYPE.RINGBUF ? ringSize(maxEntries) : maxEntries,
      flags: spec.flags,
      extra: spec.extra,
      numaNode: spec.numaNode,
      ...(inner === undefined ? {} : { innerMap: inner }),
      ...(typed ? { btf: { fd: btfFd, keyType: spec.keyType, valueType: spec.valueType } } : {}),
    });
  } finally {
    inner?.close();
  }
}

type Shape = Pick<MapSpec, 'name' | 'type' | 'keySize' | 'valueSize' | 'flags'>;

/** Says why an existing map cannot stand in for a definition, or nothing when it can. */
export function mapMismatch(spec: Shape, map: BpfMap): string | undefined {
  const differs = (field: string, has: number | string, wants: number | string): string =>
    `map ${spec.name}: the existing map's ${field} is ${has}, the object wants ${wants}`;
  if (map.type !== spec.type) return differs('type', mapTypeName(map.type), mapTypeName(spec.type));
  if (map.keySize !== spec.keySize) return differs('key size', map.keySize, spec.keySize);
  if (map.valueSize !== spec.valueSize) return differs('value size', map.valueSize, spec.valueSize);
  // The kernel itself makes device maps read-only to programs. The number of entries may differ: it is the user's choice.
  const added = map.type === MAP_TYPE.DEVMAP || map.type === MAP_TYPE.DEVMAP_HASH ? MAP_FLAG.RDONLY_PROG : 0;
  return map.flags === (spec.flags | added) ? undefined : differs('flags', map.flags, spec.flags);
}

/** Bytes of the data sections with the configured variables in place. @throws ObjectError for a name that is not there */
export function configure(
  spec: ObjectSpec,
  config: Readonly<Record<string, VariableValue>>,
): Map<string, Buffer> {
  const out = new Map<string, Buffer>();
  for (const section of spec.dataSections.values()) out.set(section.name, Buffer.from(section.initial));
  for (const [name, value] of Object.entries(config)) {
    const variable = findVariable(spec, name);
    const bytes = out.get(variable.section);
    if (bytes !== undefined) encodeValue(name, variable.size, value).copy(bytes, variable.offset);
  }
  return out;
}

/** The map that holds a data section. */
export function dataShape(section: DataSection): Shape {
  return {
    name: section.name,
    type: MAP_TYPE.ARRAY,
    keySize: 4,
    valueSize: section.initial.length,
    flags: MAP_FLAG.MMAPABLE | (section.readOnly ? MAP_FLAG.RDONLY_PROG : 0),
  };
}

/** One entry holds the whole section; .rodata is frozen, so that the verifier treats it as constants. */
export function createDataMap(spec: ObjectSpec, section: DataSection, bytes: Buffer, btfFd: number): BpfMap {
  const map = BpfMap.create({
    ...dataShape(section),
    name: `${objectName(spec.name).slice(0, Math.max(0, 15 - section.name.length))}${section.name}`,
    maxEntries: 1,
    ...(section.type === 0 ? {} : { btf: { fd: btfFd, keyType: 0, valueType: section.type } }),
  });
  try {
    map.update(Buffer.alloc(4), bytes);
    if (section.readOnly) map.freeze();
    return map;
  } catch (error) {
    map.close();
    throw error;
  }
}

/** "some/where/sock.bpf.o" -> "sock". */
function objectName(file: string): string {
  return file.replace(/^.*\//, '').replace(/\..*$/, '');
}

/** "name", or "name.member" of a struct. Static variables of a function have a dot in their own name: "function.name". @throws ObjectError */
export function findVariable(spec: ObjectSpec, path: string): VariableSpec {
  const parts = path.split('.');
  const own = spec.variables.has(parts.slice(0, 2).join('.')) ? 2 : 1;
  const name = parts.slice(0, own).join('.');
  const members = parts.slice(own);
  let variable = spec.variables.get(name);
  if (variable === undefined)
    throw new ObjectError(
      spec.name,
      `there is no variable ${name} to configure`,
      `use one of ${[...spec.variables.keys()].join(', ') || 'none: the object has no global variables'}`,
    );
  for (const member of members) {
    const list = spec.btf.members(spec.btf.resolve(variable.type));
    const found = list.find((candidate) => candidate.name === member);
    if (found === undefined || found.bitSize !== 0)
      throw new ObjectError(
        spec.name,
        `variable ${path} has no member ${member}`,
        `use one of ${list.map((m) => m.name).join(', ')}`,
      );
    const offset: number = variable.offset + found.bitOffset / 8;
    variable = { ...variable, offset, size: spec.btf.size(found.type), type: found.type };
  }
  return variable;
}

/** A ring buffer's size is a power of two of whole pages, whatever the page size of the machine. */
function ringSize(bytes: number): number {
  let size = pageSize();
  while (size < bytes) size *= 2;
  return size;
}
