// Pins: names of maps, programs and links in a bpffs directory, which keep them alive without us.
import { unlinkSync } from 'node:fs';
import { ENOENT } from '../errno.ts';
import { Attribute } from './attribute.ts';
import { bpf, BpfError, mustBpf } from './syscall.ts';

const NOT_BPFFS = 'the directory must be on a bpffs (openBpffs makes sure of it) and the name must be free';

/** Gives the object behind `fd` a name. @throws BpfError, EEXIST when the name is taken. */
export function pinFd(fd: number, path: string): void {
  mustBpf('BPF_OBJ_PIN', new Attribute().text(0, path).u32(8, fd), path, NOT_BPFFS);
}

/** A new descriptor for a pinned object, which the caller closes. @throws BpfError */
export function openPin(path: string): number {
  return mustBpf('BPF_OBJ_GET', new Attribute().text(0, path), path);
}

/** The same, or undefined when nothing is pinned there. */
export function findPin(path: string): number | undefined {
  const fd = bpf('BPF_OBJ_GET', new Attribute().text(0, path));
  if (fd >= 0) return fd;
  if (fd === -ENOENT) return undefined;
  throw new BpfError('BPF_OBJ_GET', -fd, path);
}

/** Removes the name; the object lives on while anything else refers to it. False when there was none. */
export function removePin(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
