// The cgroup whose processes are served. Its id tells whether a pinned link belongs to it.
import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatapathError } from '../datapath-error.ts';

export interface Cgroup {
  readonly path: string;
  readonly fd: number;
  /** The inode number of the directory, which on 64-bit machines is the kernel's id of the cgroup. */
  readonly id: bigint;
}

/** @throws DatapathError when the path is not a cgroup v2 directory */
export function openCgroup(path: string): Cgroup {
  // Every v2 cgroup has this file, no v1 cgroup does.
  if (!existsSync(join(path, 'cgroup.controllers')))
    throw new DatapathError(
      `${path} is not a cgroup v2 directory`,
      'give a directory below the cgroup2 mount (see: findmnt -t cgroup2)',
    );
  return { path, fd: openSync(path, 'r'), id: statSync(path, { bigint: true }).ino };
}

export function closeCgroup(cgroup: Cgroup): void {
  closeSync(cgroup.fd);
}
