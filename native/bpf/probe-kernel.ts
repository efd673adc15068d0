// The experiments behind the probes. Each gives 0 when the kernel can, else the negative errno that it answered.
import { EINVAL } from '../errno.ts';
import { Attribute } from './attribute.ts';
import { MAP_TYPE } from './map-type.ts';
import type { LinkProbe, MapProbe, ProgramProbe } from './probe-list.ts';
import { PROGRAM_TYPE } from './program-type.ts';
import { bpf, closeFd } from './syscall.ts';

/** An interface index and a descriptor that nobody has. */
const NOBODY = 0x7fff_fff0;
const CORE_RELO_SIZE = 16;

export function probeMap(probe: MapProbe): number {
  const inner = probe.nested === true ? createArray() : 0;
  if (inner < 0) return inner;
  const attribute = new Attribute()
    .u32(0, probe.type)
    .u32(4, probe.keySize)
    .u32(8, probe.valueSize)
    .u32(12, probe.maxEntries)
    .u32(16, probe.flags ?? 0)
    .u32(20, inner);
  const result = closed(bpf('BPF_MAP_CREATE', attribute));
  if (probe.nested === true) closeFd(inner);
  return result;
}

export function probeProgram(probe: ProgramProbe): number {
  return closed(load(probe));
}

/** CO-RE fields at the end of the attribute are E2BIG to a kernel that does not know them. */
export function probeCoreRelocations(): number {
  const attribute = programAttribute({ type: PROGRAM_TYPE.SCHED_CLS, attachType: 0 }).u32(
    136,
    CORE_RELO_SIZE,
  );
  return closed(bpf('BPF_PROG_LOAD', attribute));
}

export function probeLink(probe: LinkProbe): number {
  const program = load(probe.program);
  if (program < 0) return program;
  const map = probe.target === 'sockmap' ? createMap(MAP_TYPE.SOCKMAP) : -1;
  const target = probe.target === 'sockmap' ? map : NOBODY;
  const attribute = new Attribute().u32(0, program).u32(4, target).u32(8, probe.attachType);
  const result = closed(bpf('BPF_LINK_CREATE', attribute));
  if (map >= 0) closeFd(map);
  closeFd(program);
  // EBADF or ENODEV: the kernel got as far as looking for the target.
  return result === -EINVAL || result === 0 ? result : isMissingTarget(result) ? 0 : result;
}

function isMissingTarget(result: number): boolean {
  const EBADF = 9;
  const ENODEV = 19;
  return result === -EBADF || result === -ENODEV;
}

function load(probe: ProgramProbe): number {
  return bpf('BPF_PROG_LOAD', programAttribute(probe));
}

function programAttribute(probe: ProgramProbe): Attribute {
  // r0 = result; exit
  const instructions = Buffer.from('b7000000000000009500000000000000', 'hex');
  instructions.writeInt32LE(probe.result ?? 0, 4);
  return new Attribute()
    .u32(0, probe.type)
    .u32(4, 2)
    .pointer(8, instructions)
    .text(16, 'GPL')
    .name(48, 'sluice_probe')
    .u32(68, probe.attachType)
    .u32(108, probe.kernelType ?? 0);
}

function createArray(): number {
  return createMap(MAP_TYPE.ARRAY);
}

function createMap(type: number): number {
  return bpf('BPF_MAP_CREATE', new Attribute().u32(0, type).u32(4, 4).u32(8, 4).u32(12, 1));
}

function closed(fd: number): number {
  if (fd < 0) return fd;
  closeFd(fd);
  return 0;
}
