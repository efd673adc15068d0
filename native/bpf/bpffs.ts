// Makes sure that a directory can hold pins: pins live only on a bpffs. What we mount carries our name as its source, so that
// a later process can tell it from the system's and take it away again.
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { FileLock } from '../file-lock.ts';
import { isOn, mountFileSystem, readMounts, unmountUnused } from '../mount.ts';

/** Where the kernel offers an empty directory for it, and where every tool looks. */
const STANDARD = '/sys/fs/bpf';
const SOURCE = 'sluice';

/**
 * Creates the directory on a bpffs. When there is none yet one is mounted: at /sys/fs/bpf for a directory below it,
 * else on the directory itself. Gives the place of the new mount, or undefined when nothing had to be mounted; it stays
 * mounted, because pins must outlive us, until closeBpffs.
 * @throws SystemError when mounting is not allowed
 */
export function openBpffs(directory: string): string | undefined {
  const path = resolve(directory);
  const root = bpffsRoot(path);
  if (root === path) mkdirSync(path, { recursive: true, mode: 0o700 });
  const mounted = isOn('bpf', root) ? undefined : mountOnce(root);
  if (root !== path) mkdirSync(path, { recursive: true, mode: 0o700 });
  return mounted;
}

/** Unmounts what openBpffs mounted for this directory, once nothing is pinned there and no process uses it; true when it did. */
export function closeBpffs(directory: string): boolean {
  const root = bpffsRoot(resolve(directory));
  const ours = readMounts().some(
    (one) => one.directory === root && one.type === 'bpf' && one.source === SOURCE,
  );
  if (!ours || !isEmpty(root)) return false;
  return unmountUnused(root);
}

/** Where a bpffs for this absolute path is, or would be mounted. */
export function bpffsRoot(path: string): string {
  return path === STANDARD || path.startsWith(`${STANDARD}/`) ? STANDARD : path;
}

/** The kernel's own maps.debug and progs.debug come with the mount. */
function isEmpty(directory: string): boolean {
  return readdirSync(directory).every((name) => name.endsWith('.debug'));
}

/** Of two processes that come here at once only one mounts: the lock is on the directory below the mount. */
function mountOnce(root: string): string | undefined {
  const lock = FileLock.acquire(root);
  try {
    if (isOn('bpf', root)) return undefined;
    if (!isEmpty(root)) throw new Error(`${root} is not empty, and a mount would hide what lies in it`);
    mountFileSystem('bpf', root, SOURCE);
    // A new bpffs is open to everyone, like /tmp. What the system's tools share stays so.
    if (root !== STANDARD) chmodSync(root, 0o700);
    return root;
  } finally {
    lock.release();
  }
}
