// Medians, ratios, goals and the table of the engine bench. Pure.
import { mapValues } from '../report/map-values.ts';
import { median, round } from '../report/median.ts';
import { renderTable } from '../report/table.ts';
import { ENGINE_GOALS, type EngineScenario } from './engine-goal.ts';
import type { ScenarioResult } from './scenario.ts';

const OURS = 'sluice';
/** Rounds of one proxy that differ by more than this share of their median were disturbed. */
const QUIET_SPREAD = 0.25;

/** One turn of one proxy under one load. */
export interface EngineTurn {
  readonly cpuNs: number;
  readonly requests: number;
  readonly seconds: number;
  readonly rssBytes: number;
}

/** One proxy in one scenario. */
export interface EngineCell {
  /** Turns of each round. */
  readonly rounds: readonly (readonly EngineTurn[])[];
  /** Why there are no figures: it cannot do this work. */
  readonly leftOut?: string;
  /** Why its figures would not count: it did the work wrongly. */
  readonly fault?: string;
}

/** Cells by scenario and proxy, both in the order of the table. */
export type EngineCells = Readonly<Partial<Record<EngineScenario, Readonly<Record<string, EngineCell>>>>>;

/** `setting` is passed on into the JSON. A cell without figures is null in it. */
export function summarizeEngine(
  cells: EngineCells,
  versions: Readonly<Record<string, string>>,
  setting: Readonly<Record<string, number>>,
): ScenarioResult {
  const each = <V>(read: (cell: EngineCell) => V): Record<string, Record<string, V>> =>
    mapValues(cells, (row) => mapValues(row, read));
  const middle = (read: (round: readonly EngineTurn[]) => number, digits: number) =>
    each((cell) => (counts(cell) ? round(median(cell.rounds.map(read)), digits) : null));
  const cpuPerRequest = middle(cpuUs, 3);
  const goals = listGoals(cells, cpuPerRequest);
  const texts = (read: (cell: EngineCell) => string | undefined): Record<string, Record<string, string>> =>
    dropEmpty(mapValues(each(read), (row) => dropEmpty(row)));
  const leftOut = texts((cell) => cell.leftOut);
  const faults = texts((cell) => cell.fault);
  const json = {
    scenario: 'engine',
    cpuPerRequest,
    cpuPerRequestRounds: each((cell) => cell.rounds.map((turns) => round(cpuUs(turns), 2))),
    goals,
    requestsPerSecond: middle((turns) => sum(turns, 'requests') / sum(turns, 'seconds'), 0),
    coreUse: middle(coreUse, 2),
    rssMb: middle((turns) => Math.max(...turns.map((turn) => turn.rssBytes)) / 1e6, 1),
    leftOut,
    errors: faults,
    versions,
    ...setting,
  };
  // That a peer cannot do a scenario is its own affair; Sluice is to do all of them.
  const missing = list(leftOut).filter(({ proxy }) => proxy === OURS);
  return {
    table: render(cells, cpuPerRequest),
    json,
    faults: [...list(faults), ...missing].map(({ scenario, proxy, text }) => `${scenario} ${proxy}: ${text}`),
    notes: [
      ...list(leftOut).map(({ scenario, proxy, text }) => `${scenario} leaves out ${proxy}: ${text}`),
      ...noteSpread(cells),
      describeGoals(goals),
    ],
  };
}

interface Goal {
  readonly scenario: string;
  readonly to: string;
  readonly atMost: number;
  /** Sluice's cost to that proxy's; null when one of them has no figure. */
  readonly ratio: number | null;
  readonly met: boolean | null;
}

function listGoals(
  cells: EngineCells,
  cpu: Readonly<Record<string, Readonly<Record<string, number | null>>>>,
): Goal[] {
  return (Object.keys(cells) as EngineScenario[]).flatMap((scenario) =>
    Object.entries(ENGINE_GOALS[scenario]).map(([to, atMost]) => {
      const [ours, theirs] = [cpu[scenario]?.[OURS] ?? null, cpu[scenario]?.[to] ?? null];
      if (ours === null || theirs === null) return { scenario, to, atMost, ratio: null, met: null };
      return { scenario, to, atMost, ratio: round(ours / theirs, 3), met: ours <= atMost * theirs };
    }),
  );
}

function describeGoals(goals: readonly Goal[]): string {
  const told = goals.filter(({ met }) => met !== null);
  const missed = told.filter(({ met }) => met === false);
  const texts = missed.map(
    ({ scenario, to, atMost, ratio }) => `${scenario} ${ratio}x ${to}, not ${atMost}x`,
  );
  const tail = missed.length === 0 ? '' : `; missed: ${texts.join(', ')}`;
  return `${told.length - missed.length} of ${goals.length} goals met${tail}`;
}

function counts(cell: EngineCell): boolean {
  return cell.fault === undefined && cell.leftOut === undefined && cell.rounds.length > 0;
}

function sum(turns: readonly EngineTurn[], field: keyof EngineTurn): number {
  return turns.reduce((total, turn) => total + turn[field], 0);
}

function cpuUs(turns: readonly EngineTurn[]): number {
  return sum(turns, 'cpuNs') / 1e3 / sum(turns, 'requests');
}

function coreUse(turns: readonly EngineTurn[]): number {
  return sum(turns, 'cpuNs') / 1e9 / sum(turns, 'seconds');
}

function dropEmpty<V>(record: Readonly<Record<string, V | undefined>>): Record<string, V> {
  const entries = Object.entries(record).filter(
    ([, value]) =>
      value !== undefined && (typeof value !== 'object' || value === null || Object.keys(value).length > 0),
  );
  return Object.fromEntries(entries) as Record<string, V>;
}

function list(
  texts: Readonly<Record<string, Readonly<Record<string, string>>>>,
): { scenario: string; proxy: string; text: string }[] {
  return Object.entries(texts).flatMap(([scenario, row]) =>
    Object.entries(row).map(([proxy, text]) => ({ scenario, proxy, text })),
  );
}

function noteSpread(cells: EngineCells): string[] {
  return Object.entries(cells).flatMap(([scenario, row]) =>
    Object.entries(row).flatMap(([proxy, cell]) => {
      if (!counts(cell)) return [];
      const costs = cell.rounds.map(cpuUs);
      const spread = (Math.max(...costs) - Math.min(...costs)) / median(costs);
      const percent = (spread * 100).toFixed(0);
      return spread <= QUIET_SPREAD
        ? []
        : [`${scenario}: the rounds of ${proxy} differ by ${percent} %: the machine had other work`];
    }),
  );
}

function render(
  cells: EngineCells,
  cpu: Readonly<Record<string, Readonly<Record<string, number | null>>>>,
): string {
  const figures = [
    'CPU us/request',
    'min',
    'max',
    'sluice/it',
    'at most',
    'met',
    'requests/s',
    'core',
    'RSS MB',
  ];
  const rows = (Object.keys(cells) as EngineScenario[]).flatMap((scenario) =>
    Object.entries(cells[scenario] ?? {}).map(([proxy, cell]) => {
      const name = `${scenario} ${proxy}`;
      const goal = ENGINE_GOALS[scenario][proxy];
      const atMost = goal === undefined ? '' : `${goal}x`;
      const [own, ours] = [cpu[scenario]?.[proxy] ?? null, cpu[scenario]?.[OURS] ?? null];
      if (own === null) return [name, cell.fault === undefined ? 'left out' : 'wrong', '', '', '', atMost];
      const ratio = ours === null ? undefined : ours / own;
      const costs = cell.rounds.map(cpuUs);
      const middle = (read: (turns: readonly EngineTurn[]) => number): number =>
        median(cell.rounds.map(read));
      return [
        name,
        own.toFixed(2),
        Math.min(...costs).toFixed(2),
        Math.max(...costs).toFixed(2),
        ratio === undefined ? '-' : `${ratio.toFixed(2)}x`,
        atMost,
        goal === undefined || ratio === undefined ? '' : ratio <= goal ? 'yes' : 'NO',
        middle((turns) => sum(turns, 'requests') / sum(turns, 'seconds')).toFixed(0),
        `${middle((turns) => coreUse(turns) * 100).toFixed(0)} %`,
        middle((turns) => Math.max(...turns.map((turn) => turn.rssBytes)) / 1e6).toFixed(1),
      ];
    }),
  );
  return renderTable(['scenario, proxy', ...figures], rows);
}
