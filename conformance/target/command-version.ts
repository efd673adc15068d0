// The version that a command prints about itself.
import { spawnSync } from 'node:child_process';

/** The first match of a dotted number in what `command` prints; 'unknown' when there is none. */
export function commandVersion(command: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return /\d+\.\d+(\.\d+)?/.exec(`${stdout}\n${stderr}`)?.[0] ?? 'unknown';
}
