// What `sluice analyze` does: reads a directory as `run` would, translates it, and gives every finding its place.
import { DirectorySource } from '#resources/source/directory';
import type { Finding } from '#resources/finding';
import { countObjects } from '#resources/store/resources';
import { translate } from '#gateway/translate/translate';
import { CONTROLLER_NAME, IMPLIED_CLASS } from '../controller-name.ts';

export interface Analysis {
  /** By file and line; those without a place come last. */
  readonly findings: readonly Finding[];
  readonly objects: number;
}

/** `path` is a directory or one file. Never throws on what it finds there. */
export function analyze(path: string): Analysis {
  const source = DirectorySource.open(path);
  try {
    const { resources, findings } = source.load();
    const translated = translate(resources, {
      controllerName: CONTROLLER_NAME,
      impliedClass: IMPLIED_CLASS,
      previousRevision: 0,
      now: Date.now(),
    });
    const placed = translated.findings.map((finding) => placeFinding(finding, source));
    return { findings: [...findings, ...placed].sort(byPlace), objects: countObjects(resources) };
  } finally {
    source.close();
  }
}

/** The finding with file, line and column of its object and field, where the source knows them. */
export function placeFinding(finding: Finding, source: DirectorySource): Finding {
  const found = finding.object === undefined ? undefined : source.locate(finding.object, finding.field);
  return found === undefined ? finding : { ...finding, ...found };
}

function byPlace(a: Finding, b: Finding): number {
  const files = (a.file ?? '\uffff').localeCompare(b.file ?? '\uffff');
  return files !== 0 ? files : (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
