// What Prometheus scrapes: a prom-client registry whose metrics are read from the workers' memory, the configuration and
// the process at the moment of the scrape. It runs on the main thread; nothing of it is on the path of a request.
import { Registry, type Metric as RegisteredMetric } from 'prom-client';
import type { Finding } from '#resources/finding';
import type { FindingLevel } from '#resources/finding-codes';
import type { Snapshot } from '../model/snapshot.ts';
import { METRICS, METRIC_NAMES, type MetricName } from './metric.ts';
import { processReadings } from './process-readings.ts';
import { recorderReadings } from './recorder-readings.ts';
import { sumRecorders, type Recorder } from './recorder.ts';
import { single, type Reading, type Readings, type Sample } from './sample.ts';
import { OTHER, SeriesIds, type Series } from './series.ts';

/** Where the figures come from. All functions are asked anew at each scrape. */
export interface ExpositionSources {
  readonly version: string;
  readonly series: Series;
  /** One for each worker that ever ran. */
  recorders(): readonly Recorder[];
  /** The Snapshot that every worker serves. */
  snapshot(): Snapshot;
  /** When that Snapshot was applied, milliseconds since 1970; 0 before the first. */
  appliedAt(): number;
  findings(): readonly Finding[];
  workers(): number;
  /** Readings of rooms that gateway does not know, such as the datapath's counters. Metrics without a reading have no samples. */
  readonly extra?: Readings;
}

/** A metric at one moment, in prom-client's shape. */
interface Scraped {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: string;
  readonly values: readonly Sample[];
}

export class Exposition {
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #sources: ExpositionSources;
  #total: Recorder;

  constructor(sources: ExpositionSources) {
    this.#sources = sources;
    this.contentType = this.#registry.contentType;
    this.#total = sumRecorders([], sources.series.caps);
    const readings: Readings = {
      ...recorderReadings(
        () => this.#total,
        () => sources.series.names,
      ),
      ...configReadings(sources),
      ...processReadings(),
      ...sources.extra,
    };
    for (const name of METRIC_NAMES) {
      const metric = new ReadMetric(name, readings[name] ?? (() => []));
      // Registry asks a metric for its name and get(), no more; its type names the four classes of prom-client only.
      this.#registry.registerMetric(metric as unknown as RegisteredMetric);
    }
  }

  /** The text that Prometheus reads. */
  scrape(): Promise<string> {
    this.#total = sumRecorders(this.#sources.recorders(), this.#sources.series.caps);
    return this.#registry.metrics();
  }
}

class ReadMetric {
  readonly name: MetricName;
  readonly #read: Reading;

  constructor(name: MetricName, read: Reading) {
    this.name = name;
    this.#read = read;
  }

  get(): Promise<Scraped> {
    const { help, type } = METRICS[this.name];
    return Promise.resolve({ name: this.name, help, type, aggregator: 'sum', values: this.#read() });
  }
}

function configReadings(sources: ExpositionSources): Readings {
  const levels: readonly FindingLevel[] = ['error', 'warning', 'info'];
  return {
    sluice_build_info: () => [{ labels: { version: sources.version, node: process.version }, value: 1 }],
    sluice_cluster_endpoints: () => endpointsOf(sources.snapshot(), sources.series),
    sluice_series_folded_names: () => {
      const { listeners, routes, clusters } = sources.series.folded;
      return Object.entries({ listener: listeners, route: routes, cluster: clusters }).map(
        ([dimension, value]) => ({ labels: { dimension }, value }),
      );
    },
    sluice_snapshot_revision: () => single(sources.snapshot().revision),
    sluice_snapshot_applied_timestamp_seconds: () => single(sources.appliedAt() / 1000),
    sluice_config_findings: () => {
      const findings = sources.findings();
      return levels.map((level) => ({
        labels: { level },
        value: findings.filter((finding) => finding.level === level).length,
      }));
    },
    sluice_workers: () => single(sources.workers()),
  };
}

function endpointsOf({ clusters }: Snapshot, series: Series): readonly Sample[] {
  const ids = new SeriesIds(series.names);
  const sums = new Map<string, number>();
  for (const { name, endpoints } of clusters) {
    const label = ids.cluster(name) === 0 ? OTHER : name;
    sums.set(label, (sums.get(label) ?? 0) + endpoints.length);
  }
  return [...sums].map(([cluster, value]) => ({ labels: { cluster }, value }));
}
