// Reads the committed objects and gives the text that layout.gen.ts must have.
import { readdirSync, readFileSync } from 'node:fs';
import { ObjectSpec } from '#native/bpf/object-spec';
import { renderLayout } from './render.ts';
import { readLayout } from './struct-layout.ts';

const OBJECTS = new URL('../../bpf/', import.meta.url);
export const LAYOUT_FILE: URL = new URL('../layout.gen.ts', import.meta.url);

export function generate(): string {
  const layouts = readdirSync(OBJECTS)
    .filter((file) => file.endsWith('.bpf.o'))
    .sort()
    .map((file) => {
      const spec = ObjectSpec.read(readFileSync(new URL(file, OBJECTS)), file);
      return readLayout(spec.btf, spec.maps);
    });
  return renderLayout({
    structs: byName(layouts.flatMap((layout) => layout.structs)),
    enums: byName(layouts.flatMap((layout) => layout.enums)),
  });
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
