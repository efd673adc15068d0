// The process itself, under the names that every Prometheus client library gives these.
import { readdirSync, readFileSync } from 'node:fs';
import type { MetricName } from './metric.ts';
import { single, type Reading } from './sample.ts';

const MICROSECONDS = 1e6;

export type ProcessMetric = Extract<MetricName, `process_${string}`>;

export function processReadings(): Readonly<Record<ProcessMetric, Reading>> {
  const started = Date.now() / 1000 - process.uptime();
  return {
    process_cpu_seconds_total: () => {
      const { user, system } = process.cpuUsage();
      return single((user + system) / MICROSECONDS);
    },
    process_resident_memory_bytes: () => single(process.memoryUsage.rss()),
    process_start_time_seconds: () => single(started),
    // The descriptor that reads the directory is listed too.
    process_open_fds: () => single(readdirSync('/proc/self/fd').length - 1),
    process_max_fds: () => single(mostDescriptors()),
  };
}

function mostDescriptors(): number {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return soft === undefined || soft === 'unlimited' ? Infinity : Number(soft);
}
