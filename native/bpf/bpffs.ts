// Makes sure that a directory can hold pins: pins live only on a bpffs.
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { isOn, mountFileSystem } from '../mount.ts';

/** Where the kernel offers an empty directory for it, and where every tool looks. */
const STANDARD = '/sys/fs/bpf';

/**
 * Creates the directory on a bpffs. When there is none yet one is mounted: at /sys/fs/bpf for a directory below it,
 * else on the directory itself. Gives the place of the new mount, or undefined when nothing had to be mounted; it stays
 * mounted, because pins must outlive us.
 * @throws SystemError when mounting is not allowed
 */
export function openBpffs(directory: string): string | undefined {
  const path = resolve(directory);
  const below = path === STANDARD || path.startsWith(`${STANDARD}/`);
  const root = below ? STANDARD : path;
  if (!below) mkdirSync(path, { recursive: true, mode: 0o700 });
  const mounted = isOn('bpf', root) ? undefined : root;
  if (mounted !== undefined) mountFileSystem('bpf', mounted);
  if (below) mkdirSync(path, { recursive: true, mode: 0o700 });
  return mounted;
}
