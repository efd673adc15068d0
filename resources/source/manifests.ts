// Manifests that are not in a directory: a pipe, a test, a golden file.
import { readManifestFile } from './manifest-file.ts';
import { ObjectTable } from './object-table.ts';
import type { SourceResult } from './source.ts';

/** Reads one text; `file` is what findings call it. Objects all get the same creationTimestamp unless they carry one. */
export function readManifests(text: string, file: string): SourceResult {
  return new ObjectTable().update([readManifestFile(file, text)]);
}
