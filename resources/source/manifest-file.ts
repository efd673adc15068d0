// One file of a directory: its text, the objects in it, and what is wrong with it. Pure.
import { makeFinding, type Finding } from '../finding.ts';
import type { Step } from '../validate/problem.ts';
import { locateInDocuments, readDocuments, type ReadObject, type ReadResult } from './document.ts';
import type { Place } from './source.ts';
import { splitDocuments } from './split.ts';

/** Documents of the last reading, by text: what did not change is not parsed again. */
type DocumentCache = ReadonlyMap<string, ReadResult>;

export interface ManifestObject extends ReadObject {
  readonly file: string;
}

export interface ManifestFile {
  /** As findings show it. */
  readonly path: string;
  readonly text: string;
  readonly objects: readonly ManifestObject[];
  readonly findings: readonly Finding[];
  /** Whether a finding is an error. */
  readonly bad: boolean;
  readonly documents: DocumentCache;
}

export function readManifestFile(path: string, content: string, before?: ManifestFile): ManifestFile {
  const text = content.startsWith('\uFEFF') ? content.slice(1) : content;
  const documents = new Map<string, ReadResult>();
  const objects: ManifestObject[] = [];
  const findings: Finding[] = [];
  const places = new Map<string, ManifestObject>();
  for (const chunk of splitDocuments(text)) {
    const result =
      documents.get(chunk.text) ?? before?.documents.get(chunk.text) ?? readDocuments(chunk.text);
    documents.set(chunk.text, result);
    for (const problem of result.problems) {
      const { code, line, ...rest } = problem;
      findings.push(makeFinding(code, { file: path, ...rest, line: line + chunk.line }));
    }
    for (const read of result.objects) {
      const object = { ...read, file: path, line: read.line + chunk.line };
      const first = places.get(object.key);
      if (first === undefined) {
        places.set(object.key, object);
        objects.push(object);
      } else findings.push(duplicate(object, first));
    }
  }
  const bad = findings.some((finding) => finding.level === 'error');
  return { path, text, objects, findings, bad, documents };
}

/** The finding at the second of two places of one object. */
export function duplicate(second: ManifestObject, first: ManifestObject): Finding {
  return makeFinding('SLU0110', {
    file: second.file,
    line: second.line,
    column: second.column,
    object: second.key,
    message: `also at ${first.file}:${first.line}:${first.column}, which is served`,
  });
}

/** Where a field of an object of this file stands. */
export function locateInFile(file: ManifestFile, object: ManifestObject, path: readonly Step[]): Place {
  const chunk = splitDocuments(file.text).findLast((one) => one.line < object.line);
  const found = chunk === undefined ? undefined : locateInDocuments(chunk.text, object.key, path);
  if (chunk === undefined || found === undefined)
    return { file: file.path, line: object.line, column: object.column };
  return { file: file.path, line: found.line + chunk.line, column: found.column };
}
