// Which kind an object is of, by its apiVersion and kind; or what is wrong with them.
import { KINDS, OTHER_KINDS } from '../validate/kinds.gen.ts';
import { nearest } from '../validate/nearest.ts';
import type { Problem } from '../validate/problem.ts';
import type { KindSchema } from '../validate/schema.ts';

const OTHER = new Set(OTHER_KINDS);
const OTHER_GROUPS = new Set(OTHER_KINDS.map((name) => name.split('/')[0] ?? ''));

/** The schema of a served kind, or a Problem (SLU0107 unknown, SLU0108 known but not served, SLU0109 other version). */
export function findKind(apiVersion: string, kind: string): KindSchema | Problem {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const served = KINDS.find((one) => one.group === group && one.kind === kind);
  if (served !== undefined) {
    if (served.versions.includes(version ?? '')) return served;
    return {
      code: 'SLU0109',
      path: ['apiVersion'],
      message: `${kind} is not served in version ${version ?? ''}`,
      mend: `write ${served.versions.map((name) => versionOf(served, name)).join(' or ')}`,
    };
  }
  if (OTHER.has(`${group ?? ''}/${kind}`))
    return { code: 'SLU0108', path: ['kind'], message: `${kind} is not served; the object is ignored` };
  const sameName = KINDS.find((one) => one.kind === kind);
  if (sameName !== undefined)
    return {
      code: 'SLU0107',
      path: ['apiVersion'],
      message: `there is no kind ${kind} in ${apiVersion}`,
      mend: `write apiVersion: ${versionOf(sameName, sameName.versions[0])}`,
    };
  const near = nearest(kind, names(group ?? ''));
  return {
    code: 'SLU0107',
    path: ['kind'],
    message: `unknown kind ${kind} in ${apiVersion}`,
    mend:
      near === undefined
        ? `write one of: ${KINDS.map((one) => one.kind).join(', ')}`
        : `did you mean ${near}?`,
  };
}

/** 'HTTPRoute shop/cart' or 'GatewayClass sluice': what findings call an object, and its key. */
export function objectKey(
  kind: KindSchema,
  metadata: { readonly name: string; readonly namespace?: string },
): string {
  return `${kind.kind} ${kind.namespaced ? `${metadata.namespace ?? 'default'}/` : ''}${metadata.name}`;
}

/** Names to guess from: ours, and those of the group that was written. */
function names(group: string): readonly string[] {
  const ours = KINDS.map((one) => one.kind);
  if (!OTHER_GROUPS.has(group)) return ours;
  return [
    ...ours,
    ...OTHER_KINDS.filter((name) => name.startsWith(`${group}/`)).map((name) => name.split('/')[1] ?? ''),
  ];
}

function versionOf(kind: KindSchema, version: string | undefined): string {
  return kind.group === '' ? (version ?? '') : `${kind.group}/${version ?? ''}`;
}
