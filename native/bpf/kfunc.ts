// Externs that the kernel provides: `extern ... __ksym` functions (kfuncs) and variables, listed in the DATASEC .ksyms.
import { KIND, type Btf } from './btf.ts';

export interface Externs {
  readonly functions: ReadonlySet<string>;
  readonly variables: ReadonlySet<string>;
}

/** Names declared with __ksym. @throws ObjectError for __kconfig externs, which this loader does not provide. */
export function readExterns(btf: Btf): Externs {
  const functions = new Set<string>();
  const variables = new Set<string>();
  const kconfig = btf.find('.kconfig', KIND.DATASEC);
  if (kconfig !== undefined)
    throw btf.error(
      '__kconfig externs are not supported',
      'use a const volatile variable and configure it by name',
    );
  const section = btf.find('.ksyms', KIND.DATASEC);
  for (const { type } of section === undefined ? [] : btf.sectionEntries(section)) {
    if (btf.kind(type) === KIND.FUNC) functions.add(btf.name(type));
    else if (btf.kind(type) === KIND.VAR) variables.add(btf.name(type));
    else throw btf.error(`.ksyms holds type ${type}, which is neither function nor variable`);
  }
  return { functions, variables };
}
