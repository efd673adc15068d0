// Finds what a test run leaves behind on the machine: a snapshot before, one after, and the difference has a name.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCommand } from './machine.ts';

/** Set in the environment of every test, so that a process that outlives its test can be told from others. */
export const RUN_MARK = 'SLUICE_TEST_RUN';

const SETTLE_MS = 3000;
const BPF_FILE_SYSTEM = 'bpf';
/** ip-netns(8) mounts this folder upon itself for good when it makes its first namespace. */
const NAMESPACES = '/run/netns';

/** Each entry names one thing, for example 'cgroup /sys/fs/cgroup/x'. */
export type Snapshot = ReadonlySet<string>;

export function takeSnapshot(mark: string): Snapshot {
  const mounts = readMounts();
  return new Set([
    ...listFolder(NAMESPACES).map((name) => `network namespace ${name}`),
    ...listFolder('/sys/class/net').map((name) => `network device ${name}`),
    ...mounts
      .filter((mount) => !mount.path.startsWith(NAMESPACES))
      .map((mount) => `mount ${mount.type} on ${mount.path}`),
    ...mounts
      .filter((mount) => mount.type === 'cgroup2')
      .flatMap((mount) => walkFolders(mount.path, 'cgroup')),
    ...mounts.filter((mount) => mount.type === BPF_FILE_SYSTEM).flatMap((mount) => walkPins(mount.path)),
    ...listBpfLinks(),
    ...listProcesses(mark),
  ]);
}

/** What is there now and was not before. The kernel frees links and namespaces a moment after their last user: waits for it. */
export async function findLeftovers(before: Snapshot, mark: string): Promise<string[]> {
  const end = Date.now() + SETTLE_MS;
  for (;;) {
    const left = [...takeSnapshot(mark).difference(before)];
    if (left.length === 0 || Date.now() > end) return left;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Ends the processes among them, since each may hold others of them. */
export function endProcesses(left: readonly string[]): void {
  for (const line of left) {
    const pid = /^process (\d+) /.exec(line)?.[1];
    if (pid !== undefined) process.kill(Number(pid), 'SIGKILL');
  }
}

function readMounts(): { type: string; path: string }[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([, path, type]) =>
      path === undefined || type === undefined ? [] : [{ type, path: unescape(path) }],
    );
}

/** Blanks in a path are written as octal (proc(5)). */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));
}

function walkFolders(path: string, what: string): string[] {
  return folders(path).flatMap((name) => {
    const below = join(path, name);
    return [`${what} ${below}`, ...walkFolders(below, what)];
  });
}

function walkPins(path: string): string[] {
  return listFolder(path).flatMap((name) => [`pin ${join(path, name)}`, ...walkPins(join(path, name))]);
}

function listBpfLinks(): string[] {
  const bpftool = findCommand('bpftool');
  if (bpftool === undefined || process.getuid?.() !== 0) return [];
  const { status, stdout } = spawnSync(bpftool, ['-j', 'link', 'show'], { encoding: 'utf8' });
  if (status !== 0 || stdout.trim() === '') return [];
  const links = JSON.parse(stdout) as { id: number; type: string; prog_id?: number }[];
  return links.map((link) => `BPF link ${link.id} (${link.type}, program ${link.prog_id})`);
}

function listProcesses(mark: string): string[] {
  const wanted = `${RUN_MARK}=${mark}`;
  return folders('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      if (!read(`/proc/${pid}/environ`).split('\0').includes(wanted)) return [];
      return [`process ${pid} (${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()})`];
    });
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

/** '' when the process has just ended or is not ours to read. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
