// Medians, ratios and the table of the connect scenario. Pure.
import type { ConnectReport } from '../load/connect.ts';
import { mapValues } from '../report/map-values.ts';
import { median, round } from '../report/median.ts';
import { renderTable } from '../report/table.ts';
import type { ScenarioResult } from './scenario.ts';

const BASE = 'direct';

/** `reports` by balancer, in the order of the table. `setting` is passed on into the JSON. */
export function summarizeConnect(
  reports: Readonly<Record<string, readonly ConnectReport[]>>,
  versions: Readonly<Record<string, string>>,
  setting: Readonly<Record<string, number>>,
): ScenarioResult {
  const medians = (read: (report: ConnectReport) => number, digits: number): Record<string, number> =>
    mapValues(reports, (list) => round(median(list.map(read)), digits));
  const p50us = medians((report) => report.p50us, 3);
  const p99us = medians((report) => report.p99us, 3);
  const perSecond = medians((report) => report.connects / report.seconds, 0);
  const base = p50us[BASE];
  const ratio = base === undefined ? undefined : mapValues(p50us, (us) => round(us / base, 3));
  const errors = mapValues(reports, (list) => list.reduce((sum, report) => sum + report.errors, 0));
  const json = {
    scenario: 'connect',
    p50us,
    ...(ratio === undefined ? {} : { ratio }),
    p50usRounds: mapValues(reports, (list) => list.map((report) => round(report.p50us, 2))),
    p99us,
    connectsPerSecond: perSecond,
    errors,
    versions,
    ...setting,
  };
  const rows = Object.keys(reports).map((name) => [
    name,
    p50us[name]!.toFixed(2),
    ratio === undefined ? '-' : `${ratio[name]!.toFixed(3)}x`,
    p99us[name]!.toFixed(2),
    String(perSecond[name]),
    String(errors[name]),
  ]);
  const faults = Object.entries(errors)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name}: ${count} connects failed (${lastError(reports[name])})`);
  const table = renderTable(['connect()', 'p50 us', 'to direct', 'p99 us', 'connects/s', 'errors'], rows);
  return { table, json, faults, notes: [] };
}

function lastError(list: readonly ConnectReport[] | undefined): string {
  return list?.findLast((report) => report.error !== '')?.error ?? '';
}
