// A verified program in the kernel: run it on test input, pin it, adopt it.
import { Attribute } from './attribute.ts';
import { infoName, readInfo } from './object-info.ts';
import { openPin, pinFd } from './pin.ts';
import { PROGRAM_TYPE } from './program-type.ts';
import { closeFd, mustBpf } from './syscall.ts';

/** Room for what a program may add to the packet. */
const HEADROOM = 256;

export interface TestRun {
  readonly data?: Buffer;
  readonly ctx?: Buffer;
  /** Runs; the kernel gives the mean duration. Default 1. */
  readonly repeat?: number;
}

export interface TestResult {
  readonly retval: number;
  /** The packet and the context as the program left them. */
  readonly data: Buffer;
  readonly ctx: Buffer;
  readonly durationNs: number;
}

export interface ProgramNames {
  readonly name: string;
  readonly expectedAttachType: number;
  readonly target?: string;
}

/** Owns its descriptor: close() it, pinned or attached or not. */
export class BpfProgram {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  /** What the section name said; undefined for an adopted program, of which the kernel does not tell. */
  readonly expectedAttachType: number | undefined;
  /** "sched/sched_switch" of SEC("tracepoint/sched/sched_switch"). */
  readonly target: string | undefined;
  #fd: number;

  private constructor(fd: number, spec: ProgramNames | undefined) {
    const info = readInfo(fd, spec?.name ?? 'program');
    this.#fd = fd;
    this.type = info.readUInt32LE(0);
    this.id = info.readUInt32LE(4);
    this.name = spec?.name ?? infoName(info, 64);
    this.expectedAttachType = spec?.expectedAttachType;
    this.target = spec?.target;
  }

  /** -1 once closed: the number may be another file's by then. */
  get fd(): number {
    return this.#fd;
  }

  /** Takes a descriptor over. `spec` tells what the kernel does not: the whole name and the section's attach type. */
  static adopt(fd: number, spec?: ProgramNames): BpfProgram {
    try {
      return new BpfProgram(fd, spec);
    } catch (error) {
      closeFd(fd);
      throw error;
    }
  }

  /** Adopts a pinned program. @throws BpfError, ENOENT when nothing is pinned there */
  static fromPin(path: string): BpfProgram {
    return BpfProgram.adopt(openPin(path, 'program'));
  }

  /** BPF_PROG_TEST_RUN; not every program type can. @throws BpfError */
  testRun(run: TestRun): TestResult {
    const data = run.data === undefined ? undefined : Buffer.alloc(run.data.length + HEADROOM);
    // These types work on the given context in place and refuse a second one.
    const inPlace = this.type === PROGRAM_TYPE.RAW_TRACEPOINT || this.type === PROGRAM_TYPE.SYSCALL;
    const ctx = run.ctx === undefined ? undefined : Buffer.from(run.ctx);
    const attribute = new Attribute()
      .u32(0, this.fd)
      .u32(8, run.data?.length ?? 0)
      .u32(12, data?.length ?? 0)
      .pointer(16, run.data)
      .pointer(24, data)
      .u32(32, run.repeat ?? 0)
      .u32(40, run.ctx?.length ?? 0)
      .u32(44, inPlace ? 0 : (ctx?.length ?? 0))
      .pointer(48, inPlace ? ctx : run.ctx)
      .pointer(56, inPlace ? undefined : ctx);
    mustBpf('BPF_PROG_TEST_RUN', attribute, `program ${this.name}`);
    return {
      retval: attribute.readU32(4),
      data: (data ?? Buffer.alloc(0)).subarray(0, attribute.readU32(12)),
      ctx: (ctx ?? Buffer.alloc(0)).subarray(0, inPlace ? undefined : attribute.readU32(44)),
      durationNs: attribute.readU32(36),
    };
  }

  pin(path: string): void {
    pinFd(this.fd, path);
  }

  close(): void {
    if (this.#fd < 0) return;
    closeFd(this.#fd);
    this.#fd = -1;
  }
}
