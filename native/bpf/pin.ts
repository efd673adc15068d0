// Pins: names of maps, programs and links in a bpffs directory, which keep them alive without us.
import { unlinkSync } from 'node:fs';
import { Attribute } from './attribute.ts';
import { checkKind, type ObjectKind } from './object-kind.ts';
import { closeFd, mustBpf } from './syscall.ts';

const NOT_BPFFS = 'the directory must be on a bpffs (openBpffs makes sure of it) and the name must be free';

/** Gives the object behind `fd` a name. @throws BpfError, EEXIST when the name is taken. */
export function pinFd(fd: number, path: string): void {
  mustBpf('BPF_OBJ_PIN', new Attribute().text(0, path).u32(8, fd), path, NOT_BPFFS);
}

/** A new descriptor for a pinned object of this kind, which the caller closes. @throws BpfError, ENOENT when nothing is pinned there */
export function openPin(path: string, kind: ObjectKind): number {
  const fd = mustBpf('BPF_OBJ_GET', new Attribute().text(0, path), path);
  try {
    checkKind(fd, kind, path);
  } catch (error) {
    closeFd(fd);
    throw error;
  }
  return fd;
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
