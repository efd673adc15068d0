// Reads the committed objects and gives the text that layout.gen.ts must have.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { MapSpec } from '#native/bpf/map-definition';
import { ObjectSpec } from '#native/bpf/object-spec';
import { renderLayout } from './render.ts';
import { readLayout } from './struct-layout.ts';

const OBJECTS = new URL('../../bpf/', import.meta.url);
export const LAYOUT_FILE: URL = new URL('../layout.gen.ts', import.meta.url);

export function generate(): string {
  const specs = readdirSync(OBJECTS)
    .filter((file) => file.endsWith('.bpf.o'))
    .sort()
    .map((file) => ObjectSpec.read(readFileSync(new URL(file, OBJECTS)), file));
  const layouts = specs.map((spec) => readLayout(spec.btf, spec.maps.values()));
  const layout = {
    structs: byName(layouts.flatMap((one) => one.structs)),
    enums: byName(layouts.flatMap((one) => one.enums)),
  };
  const maps = specs.flatMap((spec) => [...spec.maps.values()].map(describeMap));
  const id = createHash('sha256')
    .update(JSON.stringify([layout, maps]))
    .digest('hex')
    .slice(0, 8);
  return renderLayout(layout, id);
}

/** What makes a pinned map of an earlier start usable, besides the structs in it. */
function describeMap(spec: MapSpec): unknown {
  const { name, type, keySize, valueSize, maxEntries, flags } = spec;
  return [name, type, keySize, valueSize, maxEntries, flags, spec.inner?.keySize, spec.inner?.valueSize];
}

/** Objects share headers: the same struct comes from several, and must then be the same. */
function byName<T extends { readonly name: string }>(layouts: readonly T[]): T[] {
  const out = new Map<string, T>();
  for (const layout of layouts) {
    const known = out.get(layout.name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(layout))
      throw new Error(`${layout.name} differs between the objects. Mend: make -C bpf clean all`);
    out.set(layout.name, layout);
  }
  return [...out.values()];
}
