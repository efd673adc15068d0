// What stands in a directory: manifest files below it with stamps that change when they do. Links are followed, so that
// a ConfigMap mount (name -> ..data/name, ..data -> a directory that is swapped) reads as plain files.
import { readdirSync, statSync, type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import type { WatchedDirectory } from './watcher.ts';

const MANIFEST = /\.(?:ya?ml|json)$/i;
const MAX_DEPTH = 32;

export interface ScannedFile {
  readonly path: string;
  /** Differs when the file was written or replaced. */
  readonly stamp: string;
  readonly size: number;
  /** Last change of content or name, in ms since 1970. */
  readonly changed: number;
}

/** A file or directory that could not be looked at. What was known at or below it may still be there. */
interface Unreadable {
  readonly path: string;
  readonly reason: string;
}

export interface Scan {
  /** Sorted by path. */
  readonly files: readonly ScannedFile[];
  /** Every directory that was read: where changes have to be watched. */
  readonly directories: readonly WatchedDirectory[];
  readonly unreadable: readonly Unreadable[];
  /** Why the root cannot be read, if so. */
  readonly vanished?: string;
}

/** `root` is a directory or a single file. Never throws. */
export function scanDirectory(root: string): Scan {
  const files: ScannedFile[] = [];
  const directories: WatchedDirectory[] = [];
  const unreadable: Unreadable[] = [];
  try {
    const stat = statSync(root, { bigint: true });
    if (stat.isDirectory()) walk(root, stat, [], files, directories, unreadable);
    else files.push(scanned(root, stat));
  } catch (error) {
    return { files, directories, unreadable, vanished: reasonOf(error) };
  }
  const rootFailure = unreadable.find((one) => one.path === root);
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    files,
    directories,
    unreadable,
    ...(rootFailure === undefined ? {} : { vanished: rootFailure.reason }),
  };
}

function walk(
  directory: string,
  stat: BigIntStats,
  above: readonly string[],
  files: ScannedFile[],
  directories: WatchedDirectory[],
  unreadable: Unreadable[],
): void {
  const id = `${stat.dev}:${stat.ino}`;
  // A link to a directory above it would be walked for ever.
  if (above.includes(id) || above.length > MAX_DEPTH) return;
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    unreadable.push({ path: directory, reason: reasonOf(error) });
    return;
  }
  directories.push({ path: directory, id });
  for (const name of names) {
    // Hidden names are editors' and ConfigMap mounts' own business.
    if (name.startsWith('.')) continue;
    const path = join(directory, name);
    const stat = look(path, name, unreadable);
    if (stat === undefined) continue;
    if (stat.isDirectory()) walk(path, stat, [...above, id], files, directories, unreadable);
    else if (!MANIFEST.test(name)) continue;
    else if (stat.isFile()) files.push(scanned(path, stat));
    else unreadable.push({ path, reason: 'not a regular file' });
  }
}

function look(path: string, name: string, unreadable: Unreadable[]): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch (error) {
    if (MANIFEST.test(name)) unreadable.push({ path, reason: reasonOf(error) });
    return undefined;
  }
}

function scanned(path: string, stat: BigIntStats): ScannedFile {
  return {
    path,
    stamp: `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`,
    size: Number(stat.size),
    changed: Number(stat.ctimeMs > stat.mtimeMs ? stat.ctimeMs : stat.mtimeMs),
  };
}

/** 'EACCES: permission denied' out of Node's longer message. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split(',')[0] ?? message;
}
