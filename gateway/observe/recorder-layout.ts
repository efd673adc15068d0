// Where each counter lies in a Recorder's array of doubles. One block per dimension, one row per id:
//
//   listeners  | other |  2xx |  3xx |  4xx |  5xx | opened | active | bytes in | bytes out |
//   routes     | other |  2xx |  3xx |  4xx |  5xx | bucket 0 ... bucket N (+Inf) | sum of microseconds |
//   clusters   | other |  2xx |  3xx |  4xx |  5xx | opened | active | connect failed |
//   failures   | one per FailureCode |
//   access log | written | dropped |
import { FAILURES, type FailureCode } from '../model/failure.ts';
import type { SeriesCaps } from './series.ts';

/** Status classes by index; 'other' is no status at all (the client left) or one outside 200-599. */
export const STATUS_CLASSES = ['other', '2xx', '3xx', '4xx', '5xx'] as const;

/** Upper bounds of the duration histogram, microseconds: 5 us to 60 s, the last bucket (+Inf) is implied. */
export const DURATION_BOUNDS: readonly number[] = [
  5, 25, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000,
  60_000_000,
];

/** Failure codes by index, as `Recorder.failure` counts them. */
export const FAILURE_CODES: readonly FailureCode[] = Object.keys(FAILURES) as FailureCode[];

/** Index of each failure code. */
export const FAILURE_INDEX: Readonly<Record<FailureCode, number>> = Object.fromEntries(
  FAILURE_CODES.map((code, index) => [code, index]),
) as Record<FailureCode, number>;

/** Offsets within a row, after the status classes. */
export const LISTENER = { opened: 5, active: 6, bytesIn: 7, bytesOut: 8, width: 9 } as const;
export const ROUTE: { readonly buckets: number; readonly sum: number; readonly width: number } = {
  buckets: 5,
  sum: 5 + DURATION_BOUNDS.length + 1,
  width: 5 + DURATION_BOUNDS.length + 2,
};
export const CLUSTER = { opened: 5, active: 6, connectFailed: 7, width: 8 } as const;
export const ACCESS_LOG = { written: 0, dropped: 1, width: 2 } as const;

/** Index of the first double of each block, and how many there are. */
export interface RecorderLayout {
  readonly listeners: number;
  readonly routes: number;
  readonly clusters: number;
  readonly failures: number;
  readonly accessLog: number;
  readonly length: number;
}

export function layoutOf(caps: SeriesCaps): RecorderLayout {
  const routes = caps.listeners * LISTENER.width;
  const clusters = routes + caps.routes * ROUTE.width;
  const failures = clusters + caps.clusters * CLUSTER.width;
  const accessLog = failures + FAILURE_CODES.length;
  return { listeners: 0, routes, clusters, failures, accessLog, length: accessLog + ACCESS_LOG.width };
}
