// What a load through the gateway met, in figures.

export interface LoadOutcome {
  /** Milliseconds of each good answer. */
  readonly latencies: readonly number[];
  /** Each with its reason: no connection, no answer, half of one, or another status. */
  readonly failures: readonly string[];
  /** Keep-alive connections that the gateway closed between two requests without having announced it. */
  readonly idleCloses: number;
}

export interface LoadSummary {
  readonly requests: number;
  readonly failed: number;
  readonly idleCloses: number;
  /** Milliseconds; 0 when nothing was answered. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** The reasons, each with how often, the most frequent first. */
  readonly reasons: readonly string[];
}

export function summariseLoad({ latencies, failures, idleCloses }: LoadOutcome): LoadSummary {
  const sorted = [...latencies].sort((a, b) => a - b);
  const reasons = [...Map.groupBy(failures, (reason) => reason)]
    .map(([reason, all]) => ({ reason, count: all.length }))
    .sort((a, b) => b.count - a.count);
  return {
    requests: latencies.length + failures.length,
    failed: failures.length,
    idleCloses,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    max: sorted.at(-1) ?? 0,
    reasons: reasons.map(({ reason, count }) => `${count} x ${reason}`),
  };
}

export function renderLoad({ requests, failed, idleCloses, p50, p99, max }: LoadSummary): string {
  const times = [p50, p99, max].map((ms) => ms.toFixed(0)).join(' / ');
  return `${requests} requests, ${failed} failed, ${idleCloses} idle closes, p50 / p99 / max ${times} ms`;
}

/** The smallest value that at least this share of all does not exceed. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
