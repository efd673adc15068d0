// Medians, ratios and the table of the http1 scenario. Pure.
import { mapValues } from '../report/map-values.ts';
import { median, round } from '../report/median.ts';
import { renderTable } from '../report/table.ts';
import type { Sample } from './http1-sample.ts';
import type { ScenarioResult } from './scenario.ts';

const OURS = 'sluice';
/** Rounds of one proxy that differ by more than this share of their median were disturbed. */
const QUIET_SPREAD = 0.25;

/** `samples` by peer, in the order of the table. `setting` is passed on into the JSON. */
export function summarizeHttp1(
  samples: Readonly<Record<string, readonly Sample[]>>,
  versions: Readonly<Record<string, string>>,
  setting: Readonly<Record<string, number>>,
): ScenarioResult {
  const medians = (read: (sample: Sample) => number, digits: number): Record<string, number> =>
    mapValues(samples, (list) => round(median(list.map(read)), digits));
  const cpu = medians((sample) => sample.cpuUs, 2);
  const ours = cpu[OURS];
  const sum = (list: readonly Sample[]): number => list.reduce((total, sample) => total + sample.errors, 0);
  const errors = mapValues(samples, sum);
  const json = {
    scenario: 'http1',
    cpuPerRequest: cpu,
    cpuPerRequestRounds: mapValues(samples, (list) => list.map((sample) => round(sample.cpuUs, 2))),
    requestsPerSecond: medians((sample) => sample.perSecond, 0),
    ...(ours === undefined ? {} : { ratio: mapValues(cpu, (us) => round(ours / us, 3)) }),
    coreUse: medians((sample) => sample.coreUse, 2),
    p50us: medians((sample) => sample.p50us, 0),
    p99us: medians((sample) => sample.p99us, 0),
    rssMb: medians((sample) => sample.rssBytes / 1e6, 1),
    errors,
    versions,
    ...setting,
  };
  const faults = Object.entries(errors)
    .filter(([, count]) => count > 0)
    .map(([peer, count]) => `${peer}: ${count} answers that were not 2xx, or socket errors`);
  return { table: render(samples, cpu, json.requestsPerSecond), json, faults, notes: noteSpread(samples) };
}

function noteSpread(samples: Readonly<Record<string, readonly Sample[]>>): string[] {
  return Object.entries(samples).flatMap(([peer, list]) => {
    const costs = list.map((sample) => sample.cpuUs);
    const spread = (Math.max(...costs) - Math.min(...costs)) / median(costs);
    if (spread <= QUIET_SPREAD) return [];
    const percent = (spread * 100).toFixed(0);
    return [
      `the rounds of ${peer} differ by ${percent} %: the machine had other work, so these figures are rough`,
    ];
  });
}

function render(
  samples: Readonly<Record<string, readonly Sample[]>>,
  cpu: Readonly<Record<string, number>>,
  perSecond: Readonly<Record<string, number>>,
): string {
  const ours = cpu[OURS];
  const head = [
    'proxy',
    'CPU us/request',
    'min',
    'max',
    'sluice/it',
    'requests/s',
    'core',
    'p50 us',
    'p99 us',
    'RSS MB',
    'errors',
  ];
  const rows = Object.entries(samples).map(([peer, list]) => {
    const of = (read: (sample: Sample) => number): number[] => list.map(read);
    const middle = (read: (sample: Sample) => number, digits: number): string =>
      median(of(read)).toFixed(digits);
    const costs = of((sample) => sample.cpuUs);
    return [
      peer,
      cpu[peer]!.toFixed(2),
      Math.min(...costs).toFixed(2),
      Math.max(...costs).toFixed(2),
      ours === undefined ? '-' : `${(ours / cpu[peer]!).toFixed(2)}x`,
      String(perSecond[peer]),
      `${middle((sample) => sample.coreUse * 100, 0)} %`,
      middle((sample) => sample.p50us, 0),
      middle((sample) => sample.p99us, 0),
      middle((sample) => sample.rssBytes / 1e6, 1),
      String(list.reduce((total, sample) => total + sample.errors, 0)),
    ];
  });
  return renderTable(head, rows);
}
