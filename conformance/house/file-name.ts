// File names say which concept they hold.
import { basename } from 'node:path';
import type { TrackedFile } from './tracked-file.ts';

/** Words that fit any file say nothing about this one. */
const VAGUE = /(^|[-._])(utils?|helpers?|common|managers?|misc|types)([-._]|$)/;
const KEBAB = /^[a-z0-9]+([-.][a-z0-9]+)*$/;

export function checkFileNames(files: readonly TrackedFile[]): string[] {
  return files.flatMap(({ path }) => {
    const name = basename(path);
    const vague = VAGUE.exec(name)?.[2];
    return [
      ...(vague === undefined
        ? []
        : [`${path}: '${vague}' says nothing. Mend: name the concept in the file`]),
      ...(/\.(ts|mjs)$/.test(name) && !KEBAB.test(name) ? [`${path}: not in kebab-case`] : []),
    ];
  });
}
