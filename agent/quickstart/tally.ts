// Sums what the client reports: requests, failures, shares by version, and latency percentiles.
import type { ClientReport } from './client-message.ts';

/** Latencies kept for the percentiles: a run that goes on for ever shows its recent past. */
const KEPT = 200_000;

/** The last line of `npm start -- --json`. */
export interface Summary {
  readonly requests: number;
  readonly failed: number;
  readonly shares: Readonly<Record<string, number>>;
  readonly connectionsRedirected: number;
  readonly p50us: number;
  readonly p99us: number;
}

export class Tally {
  requests = 0;
  failed = 0;
  reason: string | undefined;
  readonly versions: Map<string, number> = new Map();
  #latencies: number[] = [];

  add(report: ClientReport): void {
    this.requests += report.requests;
    this.failed += report.failed;
    this.reason = report.reason ?? this.reason;
    for (const [version, count] of Object.entries(report.versions))
      this.versions.set(version, (this.versions.get(version) ?? 0) + count);
    for (const latency of report.latenciesUs) this.#latencies.push(latency);
    if (this.#latencies.length > 2 * KEPT) this.#latencies = this.#latencies.slice(-KEPT);
  }

  /** Shares are of the answered requests, between 0 and 1. */
  summary(connectionsRedirected: number): Summary {
    const answered = [...this.versions.values()].reduce((sum, count) => sum + count, 0);
    const shares = Object.fromEntries(
      [...this.versions]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([version, count]) => [version, count / answered]),
    );
    const sorted = Float64Array.from(this.#latencies).sort();
    return {
      requests: this.requests,
      failed: this.failed,
      shares,
      connectionsRedirected,
      p50us: percentile(sorted, 0.5),
      p99us: percentile(sorted, 0.99),
    };
  }
}

/** Nearest rank; 0 for none. */
function percentile(sorted: Float64Array, quantile: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * quantile) - 1)] ?? 0;
}
