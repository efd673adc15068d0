// Opens the datapath where this machine allows it, or says why it stays with the proxy alone.
import type { Datapath } from '#datapath/datapath';
import { messageOf } from '../error-message.ts';
import { findCgroupMount } from '../check/environment.ts';
import type { RunOptions } from './run-options.ts';

export type AttachedDatapath =
  | { readonly datapath: Datapath; readonly cgroup: string }
  | { readonly datapath: undefined; readonly reason: string };

/**
 * Asked for by --cgroup, what stands in its way is an error; otherwise the proxy runs alone and says so. A state directory
 * that another process uses is an error always: two of them would believe that the kernel does what they say.
 */
export async function attachDatapath(options: RunOptions): Promise<AttachedDatapath> {
  if (!options.datapath) return { datapath: undefined, reason: '--no-datapath' };
  if (options.ffiObstacle !== undefined)
    return refuse(options, `${options.ffiObstacle}. Mend: run sluice check`);
  // Redirected connections arrive at listeners that only C calls can make.
  if (options.engine === 'net')
    return refuse(options, 'the net engine takes no redirected connections. Mend: use --engine epoll');
  const cgroup = options.cgroup ?? findCgroupMount();
  if (cgroup === undefined)
    return refuse(options, 'no cgroup v2 is mounted. Mend: mount -t cgroup2 none /sys/fs/cgroup');
  // Not before it is wanted: it calls C, and there are machines where that cannot be.
  const { Datapath } = await import('#datapath/datapath');
  const { StateInUse } = await import('#datapath/datapath-error');
  try {
    return { datapath: Datapath.open({ cgroup, state: options.state }), cgroup };
  } catch (error) {
    if (options.cgroup !== undefined || error instanceof StateInUse) throw error;
    return refuse(options, `${messageOf(error)} (sluice check tells more)`);
  }
}

function refuse(options: RunOptions, reason: string): AttachedDatapath {
  if (options.cgroup === undefined) return { datapath: undefined, reason };
  throw new Error(`--cgroup ${options.cgroup}: ${reason}, or leave out --cgroup to run the proxy alone`);
}
