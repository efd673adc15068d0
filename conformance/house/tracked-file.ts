// The files that the repository holds, as they are in the checkout.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

export interface TrackedFile {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
}

/** undefined where there is no repository (a downloaded archive, say). Files deleted but still tracked are left out. */
export function readTrackedFiles(root: string): readonly TrackedFile[] | undefined {
  const { status, stdout } = spawnSync('git', ['-C', root, 'ls-files', '-z'], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  return stdout
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}
