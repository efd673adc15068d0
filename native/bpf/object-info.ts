// BPF_OBJ_GET_INFO_BY_FD: what the kernel knows about a map, program or link.
import { Attribute } from './attribute.ts';
import { mustBpf } from './syscall.ts';

/** The longest of bpf_map_info, bpf_prog_info, bpf_link_info, with room for kernels to come. */
const SIZE = 256;

/** The info structure behind a descriptor, zero beyond what the kernel filled in. @throws BpfError */
export function readInfo(fd: number, subject: string): Buffer {
  const info = Buffer.alloc(SIZE);
  mustBpf('BPF_OBJ_GET_INFO_BY_FD', new Attribute().u32(0, fd).u32(4, SIZE).pointer(8, info), subject);
  return info;
}

/** A fixed-size, NUL-padded name inside an info structure. */
export function infoName(info: Buffer, offset: number): string {
  const end = info.indexOf(0, offset);
  return info.toString('latin1', offset, Math.min(end, offset + 16));
}
