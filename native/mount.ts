// mount(2) and umount2(2) for the pseudo file systems that the datapath needs: bpffs for pins, tracefs for tracepoints.
import { readFileSync, statfsSync } from 'node:fs';
import { EBUSY, EINVAL, SystemError } from './errno.ts';
import { addressOf, mount as mountCall, must, umount2 } from './libc.ts';
import { holding } from './memory.ts';

const MNT_DETACH = 2;
const MS_NOSUID_NODEV_NOEXEC = 2 | 4 | 8;

/** Magic numbers of statfs(2) (include/uapi/linux/magic.h). */
export const FILE_SYSTEM = { bpf: 0xcafe4a11, tracefs: 0x74726163, cgroup2: 0x63677270 } as const;

export interface Mount {
  /** What stands where a device would: whoever mounted it says who it is. */
  readonly source: string;
  readonly directory: string;
  readonly type: string;
}

/** Mounts a pseudo file system on an existing directory. @throws SystemError */
export function mountFileSystem(type: 'bpf' | 'tracefs', directory: string, source: string = type): void {
  const strings = [source, directory, type].map((text) => Buffer.from(`${text}\0`));
  const [from = 0, target = 0, name = 0] = strings.map(addressOf);
  holding(strings, () =>
    must('mount', mountCall(from, target, name, MS_NOSUID_NODEV_NOEXEC, 0), `${type} on ${directory}`),
  );
}

/** Unmounts, at once for everyone who looks and finally when the last user is gone. @throws SystemError */
export function unmount(directory: string): void {
  unmountWith(directory, MNT_DETACH);
}

/** Unmounts. False when someone uses it, or another process was first. @throws SystemError */
export function unmountUnused(directory: string): boolean {
  try {
    unmountWith(directory, 0);
    return true;
  } catch (error) {
    if (error instanceof SystemError && (error.errno === EBUSY || error.errno === EINVAL)) return false;
    throw error;
  }
}

function unmountWith(directory: string, flags: number): void {
  const target = Buffer.from(`${directory}\0`);
  holding(target, () => must('umount2', umount2(addressOf(target), flags), directory));
}

/** Whether an existing path lies on this kind of file system. */
export function isOn(type: keyof typeof FILE_SYSTEM, path: string): boolean {
  // statfs gives the magic number as a signed word.
  return statfsSync(path).type >>> 0 === FILE_SYSTEM[type];
}

/** What this process sees mounted, in the order of mounting. */
export function readMounts(): Mount[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [source = '', directory = '', type = ''] = line.split(' ');
      // Blanks in paths are written as octal escapes.
      return {
        source,
        directory: directory.replaceAll(/\\(\d{3})/g, (_, octal: string) => unescape(octal)),
        type,
      };
    });
}

function unescape(octal: string): string {
  return String.fromCodePoint(Number.parseInt(octal, 8));
}
