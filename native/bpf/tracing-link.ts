// Attachments to tracepoints: by BTF (tp_btf, fentry), raw, and through a perf event.
import { readFileSync } from 'node:fs';
import { EINVAL } from '../errno.ts';
import { ioctl, must, syscall } from '../libc.ts';
import { allocatePinned, holding } from '../memory.ts';
import { Attribute } from './attribute.ts';
import { BpfLink } from './link.ts';
import type { BpfProgram } from './program.ts';
import { ATTACH_TYPE } from './program-type.ts';
import { BpfError, closeFd, mustBpf } from './syscall.ts';

// include/uapi/asm-generic/unistd.h and arch/x86/entry/syscalls/syscall_64.tbl
const PERF_EVENT_OPEN: Readonly<Record<string, number>> = { x64: 298, arm64: 241 };
const PERF_TYPE_TRACEPOINT = 2;
/** struct perf_event_attr, first published size with all fields used here. */
const PERF_ATTR_SIZE = 112;
const PERF_FLAG_FD_CLOEXEC = 8;
const PERF_EVENT_IOC_ENABLE = 0x2400;
export const TRACEFS = '/sys/kernel/tracing';

/** Attaches a tp_btf, fentry, fexit or lsm program to the kernel function or tracepoint that it was loaded for. */
export function attachTracing(program: BpfProgram): BpfLink {
  const attribute = new Attribute().u32(8, program.fd);
  return new BpfLink(mustBpf('BPF_RAW_TRACEPOINT_OPEN', attribute, `program ${program.name}`));
}

/** Attaches a raw_tracepoint program by the tracepoint's name ("sched_switch"). */
export function attachRawTracepoint(program: BpfProgram, name?: string): BpfLink {
  const tracepoint = name ?? targetOf(program);
  const attribute = new Attribute().text(0, tracepoint).u32(8, program.fd);
  const subject = `program ${program.name} to ${tracepoint}`;
  return new BpfLink(
    mustBpf('BPF_RAW_TRACEPOINT_OPEN', attribute, subject, 'name a tracepoint that this kernel has'),
  );
}

/**
 * Attaches a tracepoint program to "category/name", by default the one of its section, on all CPUs.
 * @param tracefs where tracefs is mounted
 * @throws BpfError, SystemError; Error when the kernel has no such tracepoint
 */
export function attachTracepoint(program: BpfProgram, name?: string, tracefs: string = TRACEFS): BpfLink {
  const tracepoint = name ?? targetOf(program);
  const event = openPerfEvent(readTracepointId(tracepoint, tracefs), tracepoint);
  try {
    const attribute = new Attribute().u32(0, program.fd).u32(4, event).u32(8, ATTACH_TYPE.PERF_EVENT);
    const link = new BpfLink(
      mustBpf('BPF_LINK_CREATE', attribute, `program ${program.name} to ${tracepoint}`),
    );
    try {
      must('ioctl', ioctl(event, PERF_EVENT_IOC_ENABLE, 0), tracepoint);
    } catch (error) {
      link.close();
      throw error;
    }
    return link;
  } finally {
    // The link keeps the event.
    closeFd(event);
  }
}

function readTracepointId(tracepoint: string, tracefs: string): number {
  try {
    return Number(readFileSync(`${tracefs}/events/${tracepoint}/id`, 'utf8'));
  } catch (cause) {
    throw new Error(
      `tracepoint ${tracepoint} is not under ${tracefs}. Mend: mount -t tracefs tracefs ${tracefs}, or use raw_tracepoint`,
      { cause },
    );
  }
}

function openPerfEvent(id: number, tracepoint: string): number {
  const attribute = allocatePinned(PERF_ATTR_SIZE);
  attribute.buffer.writeUInt32LE(PERF_TYPE_TRACEPOINT, 0);
  attribute.buffer.writeUInt32LE(PERF_ATTR_SIZE, 4);
  attribute.buffer.writeUInt32LE(id, 8);
  const number = PERF_EVENT_OPEN[process.arch] ?? -1;
  // One event on one CPU: a tracepoint's programs run wherever the tracepoint is hit.
  const [everyProcess, firstCpu, noGroup] = [-1, 0, -1];
  return holding(attribute, () =>
    must(
      'perf_event_open',
      syscall(number, attribute.address, everyProcess, firstCpu, noGroup, PERF_FLAG_FD_CLOEXEC),
      tracepoint,
    ),
  );
}

function targetOf(program: BpfProgram): string {
  if (program.target !== undefined) return program.target;
  throw new BpfError(
    'BPF_LINK_CREATE',
    EINVAL,
    `program ${program.name}`,
    'it was adopted: name the tracepoint',
  );
}
