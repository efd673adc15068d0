// The kernel programs' counters, summed over the CPUs. Names and meaning: bpf/include/sluice/counter.h.
import type { BpfMap } from '#native/bpf/map';
import { COUNTERS_SIZE, readCounters, type Counters } from './layout.gen.ts';

/** Counts since the counters' map was made; they go on through restarts that adopt it. */
export type DatapathStats = { readonly [Name in keyof Counters]: number };

export function readStats(counters: BpfMap): DatapathStats {
  const perCpu = Math.ceil(COUNTERS_SIZE / 8) * 8;
  const values = counters.lookup(Buffer.alloc(4)) ?? Buffer.alloc(perCpu);
  const sums: Record<string, number> = {};
  for (let at = 0; at < values.length; at += perCpu)
    for (const [name, count] of Object.entries(readCounters(values, at)))
      sums[name] = (sums[name] ?? 0) + Number(count);
  return sums as DatapathStats;
}
