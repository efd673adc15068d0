// An attachment as an object (bpf_link): it lasts until it is detached or until nothing, pin or descriptor, holds it.
import { Attribute } from './attribute.ts';
import { readInfo } from './object-info.ts';
import { openPin, pinFd, removePin } from './pin.ts';
import type { BpfProgram } from './program.ts';
import { ATTACH_TYPE, attachTypeName, LINK_TYPE, programTypeName } from './program-type.ts';
import { BpfError, closeFd, mustBpf } from './syscall.ts';
import { EINVAL } from '../errno.ts';

export interface LinkInfo {
  readonly id: number;
  /** One of LINK_TYPE. */
  readonly type: number;
  readonly programId: number;
  readonly attachType?: number;
  readonly cgroupId?: bigint;
  readonly netnsInode?: number;
  readonly interfaceIndex?: number;
  readonly mapId?: number;
}

/** Owns its descriptor. Unpinned, close() detaches. */
export class BpfLink {
  #fd: number;

  /** Takes the descriptor over. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** -1 once closed: the number may be another file's by then. */
  get fd(): number {
    return this.#fd;
  }

  /** Adopts a pinned link. @throws BpfError, ENOENT when nothing is pinned there */
  static fromPin(path: string): BpfLink {
    return new BpfLink(openPin(path, 'link'));
  }

  /** Replaces the program in one step: every event sees the old or the new one. Tracing links cannot. @throws BpfError */
  update(program: BpfProgram): void {
    const attribute = new Attribute().u32(0, this.fd).u32(4, program.fd);
    mustBpf('BPF_LINK_UPDATE', attribute, `link of program ${program.name}`);
  }

  info(): LinkInfo {
    return readLinkInfo(readInfo(this.fd, 'link'));
  }

  pin(path: string): void {
    pinFd(this.fd, path);
  }

  /** Removes the name; false when there was none. */
  unpin(path: string): boolean {
    return removePin(path);
  }

  /** Ends the attachment at once, whoever else holds the link. Tracing links cannot: close and unpin them. @throws BpfError */
  detach(): void {
    mustBpf('BPF_LINK_DETACH', new Attribute().u32(0, this.fd), 'link');
  }

  close(): void {
    if (this.#fd < 0) return;
    closeFd(this.#fd);
    this.#fd = -1;
  }
}

/** Attaches to a cgroup v2 directory. `attachType` defaults to what the program's section said. */
export function attachCgroup(program: BpfProgram, cgroupFd: number, attachType?: number): BpfLink {
  return create(program, cgroupFd, attachType ?? expected(program), 'cgroup');
}

/** Attaches at tcx of a device, before or after what is there. Default: last. Linux 6.6. */
export function attachTcx(
  program: BpfProgram,
  interfaceIndex: number,
  options: { readonly attachType?: number; readonly order?: 'first' | 'last' } = {},
): BpfLink {
  // BPF_F_BEFORE and BPF_F_AFTER without a relative mean the ends of the list.
  const flags = options.order === undefined ? 0 : options.order === 'first' ? 8 : 16;
  return create(
    program,
    interfaceIndex,
    options.attachType ?? expected(program),
    `interface ${interfaceIndex}`,
    flags,
  );
}

/** Attaches to a device's XDP hook; 'generic' works on every device, 'native' needs its driver. */
export function attachXdp(program: BpfProgram, interfaceIndex: number, mode?: 'generic' | 'native'): BpfLink {
  const flags = mode === undefined ? 0 : mode === 'generic' ? 2 : 4;
  return create(program, interfaceIndex, ATTACH_TYPE.XDP, `interface ${interfaceIndex}`, flags);
}

/** Attaches to a network namespace's socket lookup. */
export function attachSkLookup(program: BpfProgram, netnsFd: number): BpfLink {
  return create(program, netnsFd, ATTACH_TYPE.SK_LOOKUP, 'network namespace');
}

/**
 * Attaches an sk_msg or sk_skb program to a sockmap or sockhash. Linux 6.10. A socket runs the program that the map had
 * when the socket was added: after update() delete sockets and add them again to change theirs.
 */
export function attachSockMap(
  program: BpfProgram,
  map: { readonly fd: number; readonly name: string },
): BpfLink {
  return create(program, map.fd, expected(program), `map ${map.name}`);
}

function create(
  program: BpfProgram,
  target: number,
  attachType: number,
  subject: string,
  flags = 0,
): BpfLink {
  const attribute = new Attribute().u32(0, program.fd).u32(4, target).u32(8, attachType).u32(12, flags);
  const what = `program ${program.name} (${programTypeName(program.type)}) to ${subject}, ${attachTypeName(attachType)}`;
  return new BpfLink(mustBpf('BPF_LINK_CREATE', attribute, what));
}

function expected(program: BpfProgram): number {
  if (program.expectedAttachType !== undefined) return program.expectedAttachType;
  throw new BpfError(
    'BPF_LINK_CREATE',
    EINVAL,
    `program ${program.name}`,
    'it was adopted: name the attach type',
  );
}

/** struct bpf_link_info: 16 bytes that all types share, then a union. */
function readLinkInfo(info: Buffer): LinkInfo {
  const type = info.readUInt32LE(0);
  const base = { type, id: info.readUInt32LE(4), programId: info.readUInt32LE(8) };
  switch (type) {
    case LINK_TYPE.CGROUP:
      return { ...base, cgroupId: info.readBigUInt64LE(16), attachType: info.readUInt32LE(24) };
    case LINK_TYPE.NETNS:
      return { ...base, netnsInode: info.readUInt32LE(16), attachType: info.readUInt32LE(20) };
    case LINK_TYPE.XDP:
      return { ...base, interfaceIndex: info.readUInt32LE(16), attachType: ATTACH_TYPE.XDP };
    case LINK_TYPE.TCX:
    case LINK_TYPE.NETKIT:
      return { ...base, interfaceIndex: info.readUInt32LE(16), attachType: info.readUInt32LE(20) };
    case LINK_TYPE.SOCKMAP:
      return { ...base, mapId: info.readUInt32LE(16), attachType: info.readUInt32LE(20) };
    case LINK_TYPE.TRACING:
      return { ...base, attachType: info.readUInt32LE(16) };
    default:
      return base;
  }
}
