// Opens the datapath where this machine allows it, or says why it stays with the proxy alone.
import { Datapath } from '#datapath/datapath';
import { findCgroupMount } from '../check/environment.ts';
import type { RunOptions } from './run-options.ts';

export type AttachedDatapath =
  | { readonly datapath: Datapath; readonly cgroup: string }
  | { readonly datapath: undefined; readonly reason: string };

/** Asked for by --cgroup, what stands in its way is an error; otherwise the proxy runs alone and says so. */
export function attachDatapath(options: RunOptions): AttachedDatapath {
  if (!options.datapath) return { datapath: undefined, reason: '--no-datapath' };
  const cgroup = options.cgroup ?? findCgroupMount();
  if (cgroup === undefined)
    return { datapath: undefined, reason: 'no cgroup v2 is mounted: mount -t cgroup2 none /sys/fs/cgroup' };
  try {
    return { datapath: Datapath.open({ cgroup, state: options.state }), cgroup };
  } catch (error) {
    if (options.cgroup !== undefined) throw error;
    const cause = error instanceof Error ? error.message : String(error);
    return { datapath: undefined, reason: `${cause} (sluice check tells more)` };
  }
}
