// BPF_PROG_LOAD: fills descriptors and kernel ids into a linked program and hands it to the verifier.
import { ENOSPC } from '../errno.ts';
import { KIND } from './btf.ts';
import { Attribute } from './attribute.ts';
import { CORE_RELO_SIZE, FUNC_INFO_SIZE, LINE_INFO_SIZE } from './btf-ext.ts';
import { KernelBtf } from './kernel-btf.ts';
import type { Fixup } from './linker.ts';
import type { BpfMap } from './map.ts';
import { ObjectError } from './object-error.ts';
import type { ObjectSpec, ProgramSpec } from './object-spec.ts';
import { INSTRUCTION_SIZE } from './relocation.ts';
import { bpf } from './syscall.ts';
import { ProgramRefused } from './verifier-log.ts';

/** src_reg of ld_imm64: a map, a place in a map's value, a kernel symbol; of a call: a kfunc. */
const PSEUDO_MAP_FD = 1;
const PSEUDO_MAP_VALUE = 2;
const PSEUDO_BTF_ID = 3;
const PSEUDO_KFUNC_CALL = 2;
/** An immediate that no helper has: the verifier refuses the call unless it is dead code. */
const POISON = 0x0bad_0bad;
const FIRST_LOG = 1 << 20;
const LAST_LOG = 1 << 26;

/** What programs of one object share while they are loaded. */
export interface LoadContext {
  readonly spec: ObjectSpec;
  readonly btfFd: number;
  /** Maps and data sections by name. */
  readonly maps: ReadonlyMap<string, BpfMap>;
  /** Opened when the first program needs it. */
  kernel?: KernelBtf;
}

/** The new program's descriptor. @throws ProgramRefused with the whole verifier log, ObjectError for a missing kernel symbol */
export function loadProgram(program: ProgramSpec, context: LoadContext): number {
  const { spec } = context;
  const { code } = program;
  const instructions = Buffer.from(code.instructions);
  for (const fixup of code.fixups) applyFixup(instructions, fixup, program, context);
  const attribute = new Attribute()
    .u32(0, program.type)
    .u32(4, instructions.length / INSTRUCTION_SIZE)
    .pointer(8, instructions)
    .text(16, spec.license)
    .u32(44, program.flags)
    .name(48, program.name)
    .u32(68, program.expectedAttachType)
    .u32(72, context.btfFd)
    .u32(76, FUNC_INFO_SIZE)
    .pointer(80, code.funcInfo)
    .u32(88, code.funcInfo.length / FUNC_INFO_SIZE)
    .u32(92, LINE_INFO_SIZE)
    .pointer(96, code.lineInfo)
    .u32(104, code.lineInfo.length / LINE_INFO_SIZE)
    .u32(116, code.coreRelos.length / CORE_RELO_SIZE)
    .pointer(128, code.coreRelos)
    .u32(136, code.coreRelos.length === 0 ? 0 : CORE_RELO_SIZE);
  if (program.kernelType !== undefined) attribute.u32(108, findTarget(program, program.kernelType, context));
  const fd = bpf('BPF_PROG_LOAD', attribute);
  return fd >= 0 ? fd : loadWithLog(program, attribute, -fd);
}

/** Logging slows the verifier down, so the log is asked for only after a refusal, with as much room as it takes. */
function loadWithLog(program: ProgramSpec, attribute: Attribute, errno: number): number {
  for (let size = FIRST_LOG; ; size *= 4) {
    const log = Buffer.allocUnsafeSlow(size).fill(0);
    attribute.u32(24, 1).u32(28, size).pointer(32, log);
    const fd = bpf('BPF_PROG_LOAD', attribute);
    if (fd >= 0) return fd;
    if (fd === -ENOSPC && size < LAST_LOG) continue;
    // A log that did not fit hides what the refusal was.
    throw new ProgramRefused(
      program,
      fd === -ENOSPC ? errno : -fd,
      log.toString('latin1', 0, log.indexOf(0)),
    );
  }
}

function applyFixup(instructions: Buffer, fixup: Fixup, program: ProgramSpec, context: LoadContext): void {
  const slot = fixup.at * INSTRUCTION_SIZE;
  const patch = (source: number, low: number, high = 0, twoSlots = true): void => {
    instructions.writeUInt8((instructions.readUInt8(slot + 1) & 15) | (source << 4), slot + 1);
    instructions.writeUInt32LE(low, slot + 4);
    if (twoSlots) instructions.writeUInt32LE(high, slot + 12);
  };
  switch (fixup.kind) {
    case 'map':
      return patch(PSEUDO_MAP_FD, mapOf(fixup.map, program, context).fd);
    case 'data':
      return patch(PSEUDO_MAP_VALUE, mapOf(fixup.section, program, context).fd, fixup.offset);
    case 'kernel-call': {
      const id = kernel(context).find(fixup.name, KIND.FUNC);
      if (id === undefined && !fixup.weak) throw missing(fixup.name, program, context);
      return id === undefined ? patch(0, POISON, 0, false) : patch(PSEUDO_KFUNC_CALL, id, 0, false);
    }
    case 'kernel-address': {
      const id = kernel(context).find(fixup.name, KIND.FUNC) ?? kernel(context).find(fixup.name, KIND.VAR);
      if (id === undefined && !fixup.weak) throw missing(fixup.name, program, context);
      // A weak symbol that the kernel lacks has the address 0, which the program compares with.
      return id === undefined ? patch(0, 0) : patch(PSEUDO_BTF_ID, id);
    }
  }
}

function mapOf(name: string, program: ProgramSpec, context: LoadContext): BpfMap {
  const map = context.maps.get(name);
  if (map !== undefined) return map;
  throw new ObjectError(
    context.spec.name,
    `program ${program.name} uses map ${name}, which is not there`,
    'load all maps',
  );
}

function findTarget(
  program: ProgramSpec,
  target: { readonly name: string; readonly kind: 'typedef' | 'function' },
  context: LoadContext,
): number {
  const id = kernel(context).findTarget(target);
  if (id === undefined)
    throw missing(
      target.name,
      program,
      context,
      'use a kernel that has it, or leave the program out of those to load',
    );
  return id;
}

function kernel(context: LoadContext): KernelBtf {
  context.kernel ??= KernelBtf.open();
  return context.kernel;
}

function missing(
  name: string,
  program: ProgramSpec,
  context: LoadContext,
  mend = 'use a newer kernel, or declare the symbol __weak and test it with bpf_ksym_exists',
): ObjectError {
  return new ObjectError(
    context.spec.name,
    `program ${program.name} needs ${name}, which this kernel does not have`,
    mend,
  );
}
