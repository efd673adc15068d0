// docs/reference/metrics.md, from the table of metrics.
import { METRICS, METRIC_NAMES } from '#gateway/observe/metric';
import { DURATION_BOUNDS } from '#gateway/observe/recorder-layout';
import { DEFAULT_CAPS } from '#gateway/observe/series';
import { pageHead, table } from './page.ts';

const MICROSECONDS = 1e6;

export function metricPage(): string {
  const rows = METRIC_NAMES.map((name) => {
    const { type, unit, labels, help } = METRICS[name];
    return [`\`${name}\``, type, unit, labels.map((label) => `\`${label}\``).join(', '), help];
  });
  const { listeners, routes, clusters } = DEFAULT_CAPS;
  return `${pageHead('Metrics', 'gateway/observe/metric.ts')}
\`GET /metrics\` on the admin port (127.0.0.1:9962) answers in the Prometheus text format. Names and units follow the Prometheus
conventions: seconds and bytes, \`_total\` for counters. Nothing is computed on the path of a request: workers add to arrays of
their own, and a scrape reads them.

${table(['name', 'type', 'unit', 'labels', 'help'], rows)}
## How many samples there can be

Names of Listeners, Routes and Clusters become label values in the order in which they appear, up to ${listeners} Listeners, ${routes} Routes and
${clusters} Clusters, \`other\` included. Whatever comes later is counted under \`other\`, and \`sluice_series_folded_names\` says how many names that
are. A name keeps its series until the process ends. So a scrape stays below 2,000 samples, at 10 Routes and at 5,000. Hosts,
paths and client addresses are never labels: they are in the [access log](access-log.md).

## Buckets of the duration histogram

Upper bounds in seconds: ${DURATION_BOUNDS.map((micros) => micros / MICROSECONDS).join(', ')}, +Inf.

## Useful queries

\`\`\`
# share of each Cluster in the traffic, as a canary's weights should show
sum by (cluster) (rate(sluice_cluster_requests_total[1m])) / scalar(sum(rate(sluice_cluster_requests_total[1m])))
# share of requests that failed, by Route
sum by (route) (rate(sluice_route_requests_total{code_class="5xx"}[5m])) / sum by (route) (rate(sluice_route_requests_total[5m]))
# 99th percentile of the duration, by Route
histogram_quantile(0.99, sum by (route, le) (rate(sluice_route_request_duration_seconds_bucket[5m])))
\`\`\`
`;
}
