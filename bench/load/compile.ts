// Builds the C programs of this folder when a bench starts: load generators and origins that must not be what limits a proxy.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../machine/checkout.ts';

/** Compiles `name`.c into `folder` and returns the program's path. Throws with the compiler's words. */
export function compile(name: string, folder: string): string {
  const source = join(ROOT, 'bench/load', `${name}.c`);
  const program = join(folder, name);
  const { status, stderr } = spawnSync('cc', ['-O2', '-Wall', '-Werror', '-o', program, source], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`cc could not compile ${source}:\n${stderr}`);
  return program;
}
