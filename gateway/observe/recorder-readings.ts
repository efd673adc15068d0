// What the workers counted, as samples: the sum over all workers, one row of a dimension after the other.
import { FAILURES } from '../model/failure.ts';
import type { MetricName } from './metric.ts';
import {
  ACCESS_LOG,
  CLUSTER,
  DURATION_BOUNDS,
  FAILURE_CODES,
  LISTENER,
  ROUTE,
  STATUS_CLASSES,
} from './recorder-layout.ts';
import type { Recorder } from './recorder.ts';
import { single, type Reading, type Sample } from './sample.ts';
import type { SeriesNames } from './series.ts';

const MICROSECONDS = 1e6;
const DURATION: MetricName = 'sluice_route_request_duration_seconds';
/** `le` in seconds, as text. */
const BOUNDS: readonly string[] = [...DURATION_BOUNDS.map((micros) => String(micros / MICROSECONDS)), '+Inf'];

export type RecorderMetric = Extract<
  MetricName,
  | `sluice_listener_${string}`
  | `sluice_route_${string}`
  | Exclude<MetricName & `sluice_cluster_${string}`, 'sluice_cluster_endpoints'>
  | 'sluice_failures_total'
  | `sluice_access_log_${string}`
>;

/** `total` and `names` give the sum over the workers and the names by id; both are asked at each scrape. */
export function recorderReadings(
  total: () => Recorder,
  names: () => SeriesNames,
): Readonly<Record<RecorderMetric, Reading>> {
  const rows = (dimension: Dimension): Row[] => rowsOf(dimension, total(), names());
  const requests = (dimension: Dimension) => (): readonly Sample[] => rows(dimension).flatMap(classesOf);
  const column = (dimension: Dimension, offset: number) => (): readonly Sample[] =>
    rows(dimension).map(({ labels, counts }) => ({ labels, value: counts[offset]! }));
  const accessLog = (offset: number) => (): readonly Sample[] =>
    single(total().counts[total().layout.accessLog + offset]!);
  return {
    sluice_listener_requests_total: requests('listener'),
    sluice_listener_received_bytes_total: column('listener', LISTENER.bytesIn),
    sluice_listener_sent_bytes_total: column('listener', LISTENER.bytesOut),
    sluice_listener_connections_total: column('listener', LISTENER.opened),
    sluice_listener_active_connections: column('listener', LISTENER.active),
    sluice_route_requests_total: requests('route'),
    sluice_route_request_duration_seconds: () => rows('route').flatMap(bucketsOf),
    sluice_cluster_requests_total: requests('cluster'),
    sluice_cluster_connections_total: column('cluster', CLUSTER.opened),
    sluice_cluster_active_connections: column('cluster', CLUSTER.active),
    sluice_cluster_connect_failures_total: column('cluster', CLUSTER.connectFailed),
    sluice_failures_total: () =>
      FAILURE_CODES.map((code, index) => ({
        labels: { code, source: FAILURES[code].source },
        value: total().counts[total().layout.failures + index]!,
      })),
    sluice_access_log_lines_total: accessLog(ACCESS_LOG.written),
    sluice_access_log_dropped_lines_total: accessLog(ACCESS_LOG.dropped),
  };
}

type Dimension = 'listener' | 'route' | 'cluster';

interface Row {
  readonly labels: Readonly<Record<string, string>>;
  readonly counts: Float64Array;
}

/** Named objects always have all their series, from zero on: a rate over a series that appears late misses its start. */
function rowsOf(dimension: Dimension, { counts, layout }: Recorder, names: SeriesNames): Row[] {
  const [start, width] = {
    listener: [layout.listeners, LISTENER.width],
    route: [layout.routes, ROUTE.width],
    cluster: [layout.clusters, CLUSTER.width],
  }[dimension] as [number, number];
  const rows = names[`${dimension}s`].map((name, id) => ({
    labels: { [dimension]: name },
    counts: counts.subarray(start + id * width, start + (id + 1) * width),
  }));
  return rows.filter((row, id) => id > 0 || row.counts.some((count) => count !== 0));
}

function classesOf({ labels, counts }: Row): Sample[] {
  return STATUS_CLASSES.map((name, index) => ({
    labels: { ...labels, code_class: name },
    value: counts[index]!,
  }));
}

function bucketsOf({ labels, counts }: Row): Sample[] {
  let count = 0;
  const buckets = BOUNDS.map((le, index) => {
    count += counts[ROUTE.buckets + index]!;
    return { labels: { ...labels, le }, value: count, metricName: `${DURATION}_bucket` };
  });
  return [
    ...buckets,
    { labels, value: counts[ROUTE.sum]! / MICROSECONDS, metricName: `${DURATION}_sum` },
    { labels, value: count, metricName: `${DURATION}_count` },
  ];
}
