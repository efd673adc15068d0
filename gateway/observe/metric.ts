// Every metric in one table, named by Prometheus conventions (base units, `_total` for counters). docs/reference/metrics.md
// is generated from it, and a test holds a scrape to exactly these names. Label values come from closed sets or from
// Series, which is capped, so a scrape never grows with traffic or with the number of objects.

type MetricType = 'counter' | 'gauge' | 'histogram';

export interface Metric {
  readonly type: MetricType;
  /** What the value counts or measures. */
  readonly unit: string;
  readonly labels: readonly string[];
  readonly help: string;
}

export type MetricName =
  | 'sluice_build_info'
  | 'sluice_listener_requests_total'
  | 'sluice_listener_received_bytes_total'
  | 'sluice_listener_sent_bytes_total'
  | 'sluice_listener_connections_total'
  | 'sluice_listener_active_connections'
  | 'sluice_route_requests_total'
  | 'sluice_route_request_duration_seconds'
  | 'sluice_cluster_requests_total'
  | 'sluice_cluster_connections_total'
  | 'sluice_cluster_active_connections'
  | 'sluice_cluster_connect_failures_total'
  | 'sluice_cluster_endpoints'
  | 'sluice_failures_total'
  | 'sluice_access_log_lines_total'
  | 'sluice_access_log_dropped_lines_total'
  | 'sluice_series_folded_names'
  | 'sluice_snapshot_revision'
  | 'sluice_snapshot_applied_timestamp_seconds'
  | 'sluice_config_findings'
  | 'sluice_workers'
  | 'sluice_datapath_active'
  | 'sluice_datapath_revision'
  | 'sluice_datapath_services'
  | 'sluice_datapath_backends'
  | 'sluice_datapath_connections_total'
  | 'sluice_datapath_datagrams_total'
  | 'sluice_datapath_original_destinations_total'
  | 'process_cpu_seconds_total'
  | 'process_resident_memory_bytes'
  | 'process_start_time_seconds'
  | 'process_open_fds'
  | 'process_max_fds';

const counter = (unit: string, labels: readonly string[], help: string): Metric => ({
  type: 'counter',
  unit,
  labels,
  help,
});
const gauge = (unit: string, labels: readonly string[], help: string): Metric => ({
  type: 'gauge',
  unit,
  labels,
  help,
});
const histogram = (unit: string, labels: readonly string[], help: string): Metric => ({
  type: 'histogram',
  unit,
  labels,
  help,
});

const CLASSES = 'code_class is 2xx, 3xx, 4xx, 5xx, or other when no status was sent';

export const METRICS: Readonly<Record<MetricName, Metric>> = {
  sluice_build_info: gauge('1', ['version', 'node'], 'Always 1; the labels say what runs'),
  sluice_listener_requests_total: counter(
    'requests',
    ['listener', 'code_class'],
    `Requests answered, by Gateway listener or Service frontend; ${CLASSES}`,
  ),
  sluice_listener_received_bytes_total: counter(
    'bytes',
    ['listener'],
    'Bytes of requests read from clients, heads and bodies',
  ),
  sluice_listener_sent_bytes_total: counter(
    'bytes',
    ['listener'],
    'Bytes of answers written to clients, heads and bodies',
  ),
  sluice_listener_connections_total: counter('connections', ['listener'], 'Client connections accepted'),
  sluice_listener_active_connections: gauge('connections', ['listener'], 'Client connections that are open'),
  sluice_route_requests_total: counter(
    'requests',
    ['route', 'code_class'],
    `Requests that matched a Route; ${CLASSES}`,
  ),
  sluice_route_request_duration_seconds: histogram(
    'seconds',
    ['route'],
    'From the first byte of a request to the last byte of its answer, by Route',
  ),
  sluice_cluster_requests_total: counter(
    'requests',
    ['cluster', 'code_class'],
    `Requests for which a Cluster was picked; ${CLASSES}`,
  ),
  sluice_cluster_connections_total: counter('connections', ['cluster'], 'Connections opened to endpoints'),
  sluice_cluster_active_connections: gauge(
    'connections',
    ['cluster'],
    'Connections to endpoints that are open, in use or idle',
  ),
  sluice_cluster_connect_failures_total: counter(
    'connections',
    ['cluster'],
    'Connections to endpoints that were refused or timed out',
  ),
  sluice_cluster_endpoints: gauge('endpoints', ['cluster'], 'Endpoints of a Cluster in the current Snapshot'),
  sluice_failures_total: counter(
    'requests',
    ['code', 'source'],
    'Failed requests by code, see failures.md; source is downstream, upstream or internal',
  ),
  sluice_access_log_lines_total: counter('lines', [], 'Access log lines taken for writing'),
  sluice_access_log_dropped_lines_total: counter(
    'lines',
    [],
    'Access log lines dropped because the file or pipe could not take them',
  ),
  sluice_series_folded_names: gauge(
    'names',
    ['dimension'],
    'Names without a series of their own, counted as other; dimension is listener, route or cluster',
  ),
  sluice_snapshot_revision: gauge('revision', [], 'Revision of the Snapshot that every worker serves'),
  sluice_snapshot_applied_timestamp_seconds: gauge(
    'seconds',
    [],
    'When that revision was applied, Unix time; 0 before the first',
  ),
  sluice_config_findings: gauge(
    'findings',
    ['level'],
    'What is wrong with the configuration as it stands; level is error, warning or info',
  ),
  sluice_workers: gauge('threads', [], 'Worker threads that serve'),
  sluice_datapath_active: gauge('1', [], '1 when the kernel steers connections, 0 when the proxy runs alone'),
  sluice_datapath_revision: gauge('revision', [], 'Revision that the kernel steers by'),
  sluice_datapath_services: gauge('services', [], 'Service addresses in the kernel'),
  sluice_datapath_backends: gauge('backends', [], 'Backends in the kernel'),
  sluice_datapath_connections_total: counter(
    'connections',
    ['action', 'reason'],
    'Connections to Services; action is balanced, redirected (to the proxy) or refused, reason says why it was refused, else none',
  ),
  sluice_datapath_datagrams_total: counter(
    'datagrams',
    ['direction'],
    'Datagrams of unconnected UDP sockets to and from Services; direction is sent or received',
  ),
  sluice_datapath_original_destinations_total: counter(
    'connections',
    ['result'],
    'Original destinations of redirected connections; result is published, lost or answered (SO_ORIGINAL_DST)',
  ),
  process_cpu_seconds_total: counter('seconds', [], 'User and system CPU time of the process'),
  process_resident_memory_bytes: gauge('bytes', [], 'Resident memory of the process'),
  process_start_time_seconds: gauge('seconds', [], 'When the process started, Unix time'),
  process_open_fds: gauge('descriptors', [], 'Open file descriptors'),
  process_max_fds: gauge('descriptors', [], 'Most file descriptors that the process may open'),
};

export const METRIC_NAMES: readonly MetricName[] = Object.keys(METRICS) as MetricName[];
