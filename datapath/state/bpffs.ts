// Makes a directory one that pins can live in. A file system that we mount carries our name as its source, so that a later
// process can tell ours from the system's and take ours away again.
import { readFileSync, statfsSync } from 'node:fs';
import { errnoName } from '#native/errno';
import { addressOf, lastErrno, mount, umount2 } from '#native/libc';
import { DatapathError } from '../datapath-error.ts';

/** BPF_FS_MAGIC, include/uapi/linux/magic.h */
const BPFFS = 0xcafe4a11;
const SOURCE = 'sluice';
const EBUSY = 16;

export function isOnBpffs(path: string): boolean {
  return statfsSync(path).type === BPFFS;
}

/** Mounts a bpffs on an existing directory, visible to root only. @throws DatapathError */
export function mountBpffs(path: string): void {
  const strings = [SOURCE, path, 'bpf', 'mode=0700'].map((text) => Buffer.from(`${text}\0`));
  const [source = 0, target = 0, type = 0, options = 0] = strings.map(addressOf);
  if (mount(source, target, type, 0, options) === 0) return;
  const errno = lastErrno();
  throw new DatapathError(
    `cannot mount a bpffs on ${path} (${errnoName(errno)})`,
    'run as root, or give a state directory below a mounted bpffs such as /sys/fs/bpf',
  );
}

/** Unmounts what mountBpffs mounted on exactly this directory; false when there is no such mount or it is in use again. */
export function unmountBpffs(path: string): boolean {
  if (!isOurMount(path)) return false;
  const target = Buffer.from(`${path}\0`);
  if (umount2(addressOf(target), 0) === 0) return true;
  const errno = lastErrno();
  throw new DatapathError(
    `cannot unmount ${path} (${errnoName(errno)})`,
    `close what uses it, then umount ${path}`,
  );
}

/** proc_pid_mountinfo(5): id, parent, device, root, mount point, options, optional fields, "-", type, source, options */
function isOurMount(path: string): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => {
      const [mountPart = '', sourcePart = ''] = line.split(' - ');
      const point = mountPart
        .split(' ')[4]
        ?.replaceAll(/\\(\d{3})/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 8)));
      const [type, source] = sourcePart.split(' ');
      return point === path && type === 'bpf' && source === SOURCE;
    });
}
