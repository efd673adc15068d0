// Figures, goals and the table of the memory bench. Pure.
import { median, round } from '../report/median.ts';
import { renderTable } from '../report/table.ts';
import type { HeldReport } from '../load/holder.ts';
import type { Memory } from '../machine/memory.ts';
import type { Sample } from './http1-sample.ts';
import { MEMORY_GOALS, type MemoryScenario } from './memory-goal.ts';
import type { ScenarioResult } from './scenario.ts';

const HELD = ['idle-http1', 'idle-websocket', 'idle-websocket-h2'] as const;

/** Connections that were opened, held, and asked once more at the end. */
export interface HeldMeasure {
  /** What the goal speaks of; the machine may allow fewer. */
  readonly wanted: number;
  /** Opened between the two readings. */
  readonly between: number;
  readonly before: Memory;
  readonly after: Memory;
  readonly opened: HeldReport;
  readonly answered: HeldReport;
}

export interface RoutesMeasure {
  readonly routes: number;
  /** With no route at all. */
  readonly bare: Memory;
  /** Ready to serve. */
  readonly ready: Memory;
  /** After a request to each route. */
  readonly used: Memory;
  readonly answered: HeldReport;
}

export interface LookupMeasure {
  readonly few: { readonly routes: number; readonly rounds: readonly Sample[] };
  readonly many: { readonly routes: number; readonly rounds: readonly Sample[] };
}

export interface MemoryMeasures {
  /** One for each round. */
  readonly 'idle-http1'?: readonly HeldMeasure[];
  readonly 'idle-websocket'?: readonly HeldMeasure[];
  readonly 'idle-websocket-h2'?: readonly HeldMeasure[];
  readonly routes?: RoutesMeasure;
  readonly lookup?: LookupMeasure;
}

/** One line of the table. */
interface Line {
  readonly scenario: MemoryScenario;
  readonly what: string;
  readonly value: number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** `setting` is passed on into the JSON. */
export function summarizeMemory(
  measures: MemoryMeasures,
  versions: Readonly<Record<string, string>>,
  setting: Readonly<Record<string, number>>,
): ScenarioResult {
  const lines = [
    ...describeHeld('idle-http1', measures['idle-http1'], { bytes: MEMORY_GOALS.idleBytes }),
    ...describeHeld('idle-websocket', measures['idle-websocket'], { held: MEMORY_GOALS.webSockets }),
    ...describeHeld('idle-websocket-h2', measures['idle-websocket-h2'], { held: MEMORY_GOALS.webSockets }),
    ...describeRoutes(measures.routes),
    ...describeLookup(measures.lookup),
  ];
  const goals = lines.flatMap((line) => {
    const met = isMet(line);
    return met === undefined ? [] : [{ ...line, met }];
  });
  const figures: Record<string, Record<string, number>> = {};
  for (const { scenario, what, value } of lines) (figures[scenario] ??= {})[what] = value;
  const missed = goals.filter(({ met }) => !met).map(({ scenario, what }) => `${scenario} ${what}`);
  return {
    table: render(lines),
    json: { scenario: 'memory', figures, goals, versions, ...setting },
    faults: listFaults(measures),
    notes: [
      ...listShort(measures),
      `${goals.length - missed.length} of ${goals.length} goals met${missed.length === 0 ? '' : `; missed: ${missed.join(', ')}`}`,
    ],
  };
}

function describeHeld(
  scenario: MemoryScenario,
  rounds: readonly HeldMeasure[] | undefined,
  goal: { readonly bytes?: number; readonly held?: number },
): Line[] {
  if (rounds === undefined) return [];
  const each = (read: (memory: Memory) => number): number =>
    round(median(rounds.map(({ before, after, between }) => (read(after) - read(before)) / between)), 0);
  const atMost = goal.bytes === undefined ? {} : { atMost: goal.bytes };
  const atLeast = goal.held === undefined ? {} : { atLeast: goal.held };
  return [
    { scenario, what: 'RSS, bytes each', value: each((memory) => memory.rssBytes), ...atMost },
    { scenario, what: 'private, bytes each', value: each((memory) => memory.privateBytes), ...atMost },
    {
      scenario,
      what: 'held, and answering at the end',
      value: Math.min(...rounds.map(({ answered }) => answered.good)),
      ...atLeast,
    },
  ];
}

function describeRoutes(measure: RoutesMeasure | undefined): Line[] {
  if (measure === undefined) return [];
  const { routes, bare, ready, used } = measure;
  const scenario = 'routes';
  const mb = ({ rssBytes }: Memory): number => round(rssBytes / 1e6, 1);
  return [
    { scenario, what: 'RSS without routes, MB', value: mb(bare) },
    { scenario, what: `RSS with ${routes} routes, MB`, value: mb(ready) },
    { scenario, what: 'RSS after a request to each, MB', value: mb(used), atMost: MEMORY_GOALS.routesMb },
  ];
}

function describeLookup(measure: LookupMeasure | undefined): Line[] {
  if (measure === undefined) return [];
  const scenario = 'lookup';
  const atMost = MEMORY_GOALS.lookupRatio;
  const figures: [string, (sample: Sample) => number, number | undefined][] = [
    ['CPU us/request', (sample) => sample.cpuUs, atMost],
    ['p50 us', (sample) => sample.p50us, undefined],
    ['p99 us', (sample) => sample.p99us, atMost],
  ];
  return figures.flatMap(([what, read, most]) => {
    const [few, many] = [measure.few, measure.many].map(({ rounds }) => median(rounds.map(read)));
    return [
      { scenario, what: `${what}, ${measure.few.routes} routes`, value: round(few!, 2) },
      { scenario, what: `${what}, ${measure.many.routes} routes`, value: round(many!, 2) },
      {
        scenario,
        what: `${what}, many to few`,
        value: round(many! / few!, 3),
        ...(most === undefined ? {} : { atMost: most }),
      },
    ] satisfies Line[];
  });
}

function isMet({ value, atMost, atLeast }: Line): boolean | undefined {
  if (atMost !== undefined) return value <= atMost;
  return atLeast === undefined ? undefined : value >= atLeast;
}

function listShort(measures: MemoryMeasures): string[] {
  return HELD.flatMap((scenario) => {
    const { wanted, opened } = measures[scenario]?.[0] ?? {};
    const asked = opened === undefined ? 0 : opened.good + opened.bad;
    return wanted === undefined || asked >= wanted
      ? []
      : [`${scenario}: this machine's limit of open files allows ${asked} connections, not ${wanted}`];
  });
}

/** What was not answered was not held either: its memory would flatter the figure. */
function listFaults(measures: MemoryMeasures): string[] {
  const held = HELD.flatMap((scenario) =>
    (measures[scenario] ?? []).flatMap(({ opened, answered }) =>
      [opened, answered].map((report) => ({ scenario, report })),
    ),
  );
  const routes =
    measures.routes === undefined ? [] : [{ scenario: 'routes', report: measures.routes.answered }];
  const answers = [...held, ...routes].flatMap(({ scenario, report }) =>
    report.bad === 0 ? [] : [`${scenario}: ${report.bad} exchanges failed: ${report.error}`],
  );
  const lookups = [measures.lookup?.few, measures.lookup?.many].flatMap((side) => {
    const errors = side?.rounds.reduce((total, sample) => total + sample.errors, 0) ?? 0;
    return errors === 0 ? [] : [`lookup: ${errors} bad answers among ${side!.routes} routes`];
  });
  return [...answers, ...lookups];
}

function render(lines: readonly Line[]): string {
  const rows = lines.map((line) => {
    const met = isMet(line);
    const goal = line.atMost === undefined ? line.atLeast : line.atMost;
    return [
      `${line.scenario}: ${line.what}`,
      String(line.value),
      goal === undefined ? '' : `${line.atMost === undefined ? '>=' : '<='} ${goal}`,
      met === undefined ? '' : met ? 'yes' : 'NO',
    ];
  });
  return renderTable(['figure', 'value', 'goal', 'met'], rows);
}
