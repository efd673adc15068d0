// The attachments of the socket programs to the cgroup, each a pinned bpf_link, so that they outlive this process.
//
//   nothing pinned              -> attach, pin                                  'attached'
//   pinned, of this cgroup      -> BPF_LINK_UPDATE: one program, then the other  'updated'
//   pinned, dead or elsewhere   -> attach, rename over the pin, detach           'replaced'
//
// In every case the cgroup has a program at each moment after the first.
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { attachCgroup, BpfLink } from '#native/bpf/link';
import { removePin } from '#native/bpf/pin';
import type { BpfProgram } from '#native/bpf/program';
import { BpfError } from '#native/bpf/syscall';
import type { Cgroup } from './cgroup.ts';

/**
 * Programs that only redirected connections need. Every TCP connection of the cgroup pays for the sockops hook (five calls
 * on the way to ESTABLISHED, 0.8 us), so it is attached when the first Service is redirected.
 */
export const REDIRECT_HOOKS = ['sluice_getsockopt', 'sluice_sockops'] as const;

/** In the order of attaching: what translates answers stands before what makes answers need it. */
export const BALANCE_HOOKS = [
  'sluice_getpeername4',
  'sluice_getpeername6',
  'sluice_recvmsg4',
  'sluice_recvmsg6',
  'sluice_sendmsg4',
  'sluice_sendmsg6',
  'sluice_connect4',
  'sluice_connect6',
] as const;

const HOOKS: readonly Hook[] = [...REDIRECT_HOOKS, ...BALANCE_HOOKS];

const FRESH = '_fresh';

export type Hook = (typeof REDIRECT_HOOKS)[number] | (typeof BALANCE_HOOKS)[number];
export type Attachment = 'attached' | 'updated' | 'replaced';
/** What happened, at the hooks where something did. */
export type Attachments = Readonly<Partial<Record<Hook, Attachment>>>;

export class HookLinks {
  readonly #directory: string;
  readonly #links = new Map<string, BpfLink>();
  /** Hooks that run programs of this process. */
  readonly #switched = new Set<Hook>();

  /** `directory` on a bpffs; it need not be there yet. @throws BpfError for a pin that is no link */
  constructor(directory: string) {
    this.#directory = directory;
    if (!existsSync(directory)) return;
    try {
      for (const name of readdirSync(directory)) {
        // Left by a start that ended between pinning and renaming: it was never the one in charge.
        if (name.endsWith(FRESH)) removePin(join(directory, name));
        else this.#links.set(name, BpfLink.fromPin(join(directory, name)));
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Whether an earlier start left attachments. */
  get adopted(): boolean {
    return this.#links.size > 0;
  }

  /** Whether something is attached there, by this process or an earlier one. */
  has(hook: Hook): boolean {
    return this.#links.has(hook);
  }

  /**
   * Puts the programs in charge at these hooks, one after the other, where they are not yet.
   * @throws BpfError; what this call attached anew is detached again
   */
  switchTo(hooks: readonly Hook[], program: (hook: Hook) => BpfProgram, cgroup: Cgroup): Attachments {
    const done: Partial<Record<Hook, Attachment>> = {};
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    try {
      for (const hook of hooks) {
        if (this.#switched.has(hook)) continue;
        done[hook] = this.#switchHook(hook, program(hook), cgroup);
        this.#switched.add(hook);
      }
    } catch (error) {
      for (const hook of hooks.toReversed()) if (done[hook] === 'attached') this.#end(hook);
      throw error;
    }
    return done;
  }

  /** Ends what an earlier version attached at hooks that this one does not have. */
  detachForeign(): void {
    const ours: readonly string[] = HOOKS;
    for (const name of this.#links.keys()) if (!ours.includes(name)) this.#end(name);
  }

  /**
   * Ends every attachment, also those of earlier versions, and removes the directory. In the opposite order, so that no
   * connection is redirected whose original destination nobody publishes.
   */
  detachAll(): void {
    const known: readonly string[] = HOOKS;
    const order = [...known.toReversed(), ...[...this.#links.keys()].filter((name) => !known.includes(name))];
    for (const name of order) this.#end(name);
    // A stranger's directory in it is theirs to remove.
    if (existsSync(this.#directory) && readdirSync(this.#directory).length === 0) rmdirSync(this.#directory);
  }

  /** Lets go of the descriptors; the pins keep the attachments. */
  close(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  #switchHook(hook: Hook, program: BpfProgram, cgroup: Cgroup): Attachment {
    const old = this.#links.get(hook);
    if (old !== undefined && belongsTo(old, program, cgroup) && tryUpdate(old, program)) return 'updated';
    const path = join(this.#directory, hook);
    const link = attachCgroup(program, cgroup.fd);
    try {
      link.pin(path + FRESH);
      renameSync(path + FRESH, path);
    } catch (error) {
      // The pin alone would keep it attached.
      removePin(path + FRESH);
      link.close();
      throw error;
    }
    this.#links.set(hook, link);
    if (old === undefined) return 'attached';
    detach(old);
    return 'replaced';
  }

  #end(name: string): void {
    const link = this.#links.get(name);
    if (link === undefined) return;
    this.#links.delete(name);
    this.#switched.delete(name as Hook);
    detach(link);
    removePin(join(this.#directory, name));
  }
}

function belongsTo(link: BpfLink, program: BpfProgram, cgroup: Cgroup): boolean {
  const info = link.info();
  return info.cgroupId === cgroup.id && info.attachType === program.expectedAttachType;
}

/** False when the link is dead: its cgroup was removed, and another now has its id. */
function tryUpdate(link: BpfLink, program: BpfProgram): boolean {
  try {
    link.update(program);
    return true;
  } catch (error) {
    if (error instanceof BpfError) return false;
    throw error;
  }
}

function detach(link: BpfLink): void {
  try {
    link.detach();
  } catch (error) {
    // ENOLINK: the cgroup went first and took the attachment with it
    if (!(error instanceof BpfError)) throw error;
  } finally {
    link.close();
  }
}
