// Which kind of BPF object a descriptor is. The kernel gives any of them for a pin, and the info of one kind, read as that of
// another, looks plausible.
import { readlinkSync } from 'node:fs';
import { EINVAL } from '../errno.ts';
import { BpfError } from './syscall.ts';

export type ObjectKind = 'map' | 'program' | 'link';

/** "anon_inode:bpf-map", "anon_inode:bpf-prog", "anon_inode:bpf_link" */
const NAMES: Readonly<Record<string, ObjectKind>> = { map: 'map', prog: 'program', link: 'link' };

/** @throws BpfError naming `subject` when the descriptor is something else */
export function checkKind(fd: number, kind: ObjectKind, subject: string): void {
  const file = readlinkSync(`/proc/self/fd/${fd}`);
  const found = NAMES[/^anon_inode:\[?bpf[-_](map|prog|link)/.exec(file)?.[1] ?? ''];
  if (found === kind) return;
  throw new BpfError(
    'BPF_OBJ_GET',
    EINVAL,
    `${subject} (${found === undefined ? file : `a ${found}`}, not a ${kind})`,
    `give the place of a ${kind}, or remove what is there`,
  );
}
