// For tests: a user without any right. Not everywhere can it run a checkout: one below a home directory is closed to it.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What to put before a command that shall run as nobody. */
export const NOBODY: readonly string[] = [
  'setpriv',
  '--reuid',
  '65534',
  '--regid',
  '65534',
  '--clear-groups',
];

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url));

/** False, or why no other user can run this checkout. */
export function skipNobody(): string | false {
  if (process.getuid?.() !== 0) return false;
  const words = [...NOBODY.slice(1), 'test', '-r', MAIN, '-a', '-x', process.execPath];
  const { status } = spawnSync('setpriv', words);
  return status === 0 ? false : 'the checkout is not readable for other users, or setpriv is missing';
}
