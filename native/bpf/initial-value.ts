// Values that a definition gives to a map of maps or a program array: `.values = { [0] = &inner, [3] = (void *)&program }`.
// They are relocations of the .maps section, each at the place of one element.
import { STT_FUNC, type Elf } from './elf.ts';
import type { MapSpec } from './map-definition.ts';
import { MAP_TYPE } from './map-type.ts';

const POINTER_SIZE = 8;

/** Element `index` of map `map` holds the map or program `target`. */
export interface InitialValue {
  readonly map: string;
  readonly index: number;
  readonly kind: 'map' | 'program';
  readonly target: string;
}

/** @throws ObjectError for anything in .maps that is not a map or program in a `values` array */
export function readInitialValues(elf: Elf, maps: ReadonlyMap<string, MapSpec>): InitialValue[] {
  const section = elf.section('.maps');
  if (section === undefined) return [];
  const placed = [...maps.values()].sort((a, b) => a.sectionOffset - b.sectionOffset);
  return elf.relocations(section).map(({ offset, symbol }) => {
    const map = placed.findLast((candidate) => candidate.sectionOffset <= offset);
    const index = map === undefined ? -1 : (offset - map.sectionOffset - map.valuesOffset) / POINTER_SIZE;
    if (map === undefined || map.valuesOffset < 0 || !Number.isInteger(index) || index < 0)
      throw elf.error(
        `.maps, byte ${offset}: an initial value outside a values array`,
        'set it from user space',
      );
    const inSection = elf.sections[symbol.section];
    if (map.type === MAP_TYPE.PROG_ARRAY && symbol.type === STT_FUNC && inSection?.name !== '.text')
      return { map: map.name, index, kind: 'program', target: symbol.name };
    const inner = placed.find((candidate) => candidate.name === symbol.name);
    if (inSection !== section || inner === undefined || map.inner === undefined)
      throw elf.error(
        `map ${map.name}, value ${index}: ${symbol.name} cannot be held by it`,
        'name a map or a program',
      );
    return { map: map.name, index, kind: 'map', target: inner.name };
  });
}
