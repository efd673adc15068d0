// One line of a scrape before it is text, and the functions that give such lines.
import type { MetricName } from './metric.ts';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Only for the parts of a histogram: `<name>_bucket`, `<name>_sum`, `<name>_count`. */
  readonly metricName?: string;
}

/** Gives a metric's samples at the moment of a scrape. Must not block; what it throws fails that scrape. */
export type Reading = () => readonly Sample[];

export type Readings = Readonly<Partial<Record<MetricName, Reading>>>;

export function single(value: number): readonly Sample[] {
  return [{ labels: {}, value }];
}
