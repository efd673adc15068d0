import { test } from 'node:test';
import assert from 'node:assert/strict';
import { EMPTY_SNAPSHOT, type Snapshot } from '../model/snapshot.ts';
import { Exposition, type ExpositionSources } from './exposition.ts';
import { METRICS, METRIC_NAMES, type MetricName } from './metric.ts';
import { Recorder } from './recorder.ts';
import { DURATION_BOUNDS, FAILURE_INDEX } from './recorder-layout.ts';
import type { Readings } from './sample.ts';
import { DEFAULT_CAPS, Series } from './series.ts';

const SNAPSHOT: Snapshot = {
  revision: 7,
  ports: [
    {
      port: 80,
      protocol: 'HTTP',
      listeners: [
        { name: 'a/edge/http', hostname: '', hosts: [{ hostname: '', rules: rulesOf(['a/shop']) }] },
      ],
    },
  ],
  services: [],
  clusters: [{ name: 'a/v1:80', endpoints: [{ address: '10.0.0.1', port: 80 }] }],
};

function rulesOf(routes: readonly string[]): Snapshot['ports'][0]['listeners'][0]['hosts'][0]['rules'] {
  return routes.map((route) => ({ route, index: 0, matches: [], filters: [], backends: [] }));
}

function sourcesOf(
  snapshot: Snapshot,
  workers = 1,
  extra: Readings = {},
): ExpositionSources & { recorders(): Recorder[] } {
  const series = new Series();
  series.learn(snapshot);
  const recorders = Array.from({ length: workers }, () => Recorder.create(series.caps));
  return {
    version: '1.2.3',
    series,
    recorders: () => recorders,
    snapshot: () => snapshot,
    appliedAt: () => 1_700_000_000_000,
    findings: () => [{ code: 'SLU0101', level: 'error', message: '', mend: '' }],
    workers: () => workers,
    extra,
  };
}

/** 'name{labels}' -> value, and the names that have a TYPE line. */
function parse(text: string): { samples: Map<string, number>; types: Map<string, string> } {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (type) types.set(type[1]!, type[2]!);
    if (line === '' || line.startsWith('#')) continue;
    const sample = /^([a-z_]+(?:\{[^}]*\})?) (\S+)$/.exec(line);
    assert.ok(sample, line);
    assert.ok(!samples.has(sample[1]!), `twice: ${line}`);
    samples.set(sample[1]!, sample[2] === '+Inf' ? Infinity : Number(sample[2]));
  }
  return { samples, types };
}

test('a scrape has exactly the metrics of the table, with their types and labels', async () => {
  const { samples, types } = parse(await new Exposition(sourcesOf(SNAPSHOT)).scrape());
  assert.deepEqual(
    [...types],
    METRIC_NAMES.map((name) => [name, METRICS[name].type]),
  );
  for (const key of samples.keys()) {
    const [name, labels] = /^([a-z_]+)(?:\{(.*)\})?$/.exec(key)!.slice(1) as [string, string | undefined];
    const metric = METRICS[(name in METRICS ? name : name.replace(/_(bucket|sum|count)$/, '')) as MetricName];
    const keys = [...(labels ?? '').matchAll(/([a-z_]+)="/g)].map((match) => match[1]!);
    assert.deepEqual(keys.filter((label) => label !== 'le').sort(), [...metric.labels].sort(), key);
  }
  const silent = METRIC_NAMES.filter((name) => ![...samples.keys()].some((key) => key.startsWith(name)));
  assert.ok(
    silent.every((name) => name.startsWith('sluice_datapath_')),
    `only what the agent supplies may be without samples: ${silent.join(' ')}`,
  );
});

test('names follow the conventions: lower snake case, counters end in _total, units are base units', () => {
  for (const name of METRIC_NAMES) {
    const { type, unit, help } = METRICS[name];
    assert.match(name, /^(sluice|process)(_[a-z]+)+$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    if (unit === 'seconds' || unit === 'bytes') assert.ok(name.includes(`_${unit}`), name);
    assert.doesNotMatch(name, /milli|micro|_ms|_us|kilo|_mb/);
    assert.ok(help.length > 0);
  }
});

test('what all workers counted is added up', async () => {
  const sources = sourcesOf(SNAPSHOT, 2);
  const [first, second] = sources.recorders() as [Recorder, Recorder];
  first.requestDone(1, 1, 1, 200, 300, 10, 20);
  second.requestDone(1, 1, 1, 503, 3_000, 1, 2);
  second.failure(FAILURE_INDEX.CONNECT_FAILED);
  first.clientOpened(1);
  second.upstreamOpened(1);
  second.upstreamConnectFailed(1);
  first.accessLogDropped(3);
  const { samples } = parse(await new Exposition(sources).scrape());
  const expected = {
    'sluice_listener_requests_total{listener="a/edge/http",code_class="2xx"}': 1,
    'sluice_listener_requests_total{listener="a/edge/http",code_class="5xx"}': 1,
    'sluice_listener_requests_total{listener="a/edge/http",code_class="4xx"}': 0,
    'sluice_listener_received_bytes_total{listener="a/edge/http"}': 11,
    'sluice_listener_sent_bytes_total{listener="a/edge/http"}': 22,
    'sluice_listener_active_connections{listener="a/edge/http"}': 1,
    'sluice_route_requests_total{route="a/shop",code_class="2xx"}': 1,
    'sluice_route_request_duration_seconds_bucket{route="a/shop",le="0.00025"}': 0,
    'sluice_route_request_duration_seconds_bucket{route="a/shop",le="0.0005"}': 1,
    'sluice_route_request_duration_seconds_bucket{route="a/shop",le="0.0025"}': 1,
    'sluice_route_request_duration_seconds_bucket{route="a/shop",le="0.005"}': 2,
    'sluice_route_request_duration_seconds_bucket{route="a/shop",le="+Inf"}': 2,
    'sluice_route_request_duration_seconds_count{route="a/shop"}': 2,
    'sluice_route_request_duration_seconds_sum{route="a/shop"}': 0.0033,
    'sluice_cluster_requests_total{cluster="a/v1:80",code_class="5xx"}': 1,
    'sluice_cluster_connections_total{cluster="a/v1:80"}': 1,
    'sluice_cluster_connect_failures_total{cluster="a/v1:80"}': 1,
    'sluice_cluster_endpoints{cluster="a/v1:80"}': 1,
    'sluice_failures_total{code="CONNECT_FAILED",source="upstream"}': 1,
    'sluice_failures_total{code="NO_ROUTE",source="internal"}': 0,
    sluice_access_log_dropped_lines_total: 3,
    sluice_snapshot_revision: 7,
    sluice_snapshot_applied_timestamp_seconds: 1_700_000_000,
    'sluice_config_findings{level="error"}': 1,
    'sluice_config_findings{level="warning"}': 0,
    sluice_workers: 2,
  };
  for (const [key, value] of Object.entries(expected)) assert.equal(samples.get(key), value, key);
  assert.ok(samples.get('process_resident_memory_bytes')! > 1e6);
  assert.ok(samples.get('process_open_fds')! > 2);
  assert.ok(samples.get('process_max_fds')! >= samples.get('process_open_fds')!);
});

test('a later scrape sees what was counted since', async () => {
  const sources = sourcesOf(SNAPSHOT);
  const exposition = new Exposition(sources);
  await exposition.scrape();
  sources.recorders()[0]!.requestDone(1, 1, 1, 200, 1, 0, 0);
  const { samples } = parse(await exposition.scrape());
  assert.equal(samples.get('sluice_route_requests_total{route="a/shop",code_class="2xx"}'), 1);
});

test('readings of other rooms fill the metrics that the table names for them', async () => {
  const extra: Readings = {
    sluice_datapath_connections_total: () => [
      { labels: { action: 'redirected', reason: 'none' }, value: 5 },
      { labels: { action: 'refused', reason: 'no_backend' }, value: 1 },
    ],
  };
  const text = await new Exposition(sourcesOf(SNAPSHOT, 1, extra)).scrape();
  assert.match(text, /^sluice_datapath_connections_total\{action="redirected",reason="none"\} 5$/m);
  assert.match(text, /^sluice_datapath_connections_total\{action="refused",reason="no_backend"\} 1$/m);
});

test('names from users are escaped', async () => {
  const snapshot = { ...EMPTY_SNAPSHOT, clusters: [{ name: 'a/"\\\n:80', endpoints: [] }] };
  const text = await new Exposition(sourcesOf(snapshot)).scrape();
  assert.match(text, /^sluice_cluster_endpoints\{cluster="a\/\\"\\\\\\n:80"\} 0$/m);
});

test('at 5,000 routes with every class of status and every failure, a scrape stays below 2,000 samples', async () => {
  const names = Array.from({ length: 5000 }, (_, index) => `ns/route-${index}`);
  const listener = SNAPSHOT.ports[0]!.listeners[0]!;
  const snapshot: Snapshot = {
    ...SNAPSHOT,
    ports: names.slice(0, 100).map((name, index) => ({
      port: 1000 + index,
      protocol: 'HTTP',
      listeners: [{ ...listener, name, hosts: [{ hostname: '', rules: rulesOf(names) }] }],
    })),
    clusters: names.map((name) => ({ name: `${name}:80`, endpoints: [] })),
  };
  const sources = sourcesOf(snapshot);
  const [recorder] = sources.recorders() as [Recorder];
  for (let id = 0; id < 5000; id++)
    for (const status of [0, 200, 301, 404, 500])
      recorder.requestDone(id, id, id, status, DURATION_BOUNDS[id % DURATION_BOUNDS.length]!, 1, 1);
  const { samples } = parse(await new Exposition(sources).scrape());
  assert.equal(samples.get('sluice_series_folded_names{dimension="route"}'), 5000 - DEFAULT_CAPS.routes + 1);
  assert.equal(
    samples.get('sluice_route_requests_total{route="other",code_class="2xx"}'),
    5000 - DEFAULT_CAPS.routes + 1,
  );
  // Two dozen are kept for the datapath's metrics, which have no samples here.
  assert.ok(samples.size < 1976, `${samples.size} samples`);
});
