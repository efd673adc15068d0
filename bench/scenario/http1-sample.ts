// One round of one proxy, made of turns of a second each between which the other proxies have theirs. Pure.
import { median } from '../report/median.ts';

/** What was measured in one turn. */
export interface Turn {
  readonly cpuNs: number;
  readonly requests: number;
  readonly seconds: number;
  readonly p50us: number;
  readonly p99us: number;
  readonly rssBytes: number;
  readonly errors: number;
}

/** One round of one proxy. */
export interface Sample {
  /** CPU time of the proxy per completed request, in microseconds. */
  readonly cpuUs: number;
  readonly perSecond: number;
  /** Share of its core that the proxy used, 0 to 1. */
  readonly coreUse: number;
  readonly p50us: number;
  readonly p99us: number;
  readonly rssBytes: number;
  readonly errors: number;
}

/** Times and requests add up; of the percentiles, which cannot be added, the median turn counts. */
export function joinTurns(turns: readonly Turn[]): Sample {
  const sum = (read: (turn: Turn) => number): number => turns.reduce((total, turn) => total + read(turn), 0);
  const requests = sum((turn) => turn.requests);
  const seconds = sum((turn) => turn.seconds);
  const cpuNs = sum((turn) => turn.cpuNs);
  return {
    cpuUs: cpuNs / 1e3 / requests,
    perSecond: requests / seconds,
    coreUse: cpuNs / 1e9 / seconds,
    p50us: median(turns.map((turn) => turn.p50us)),
    p99us: median(turns.map((turn) => turn.p99us)),
    rssBytes: Math.max(...turns.map((turn) => turn.rssBytes)),
    errors: sum((turn) => turn.errors),
  };
}
