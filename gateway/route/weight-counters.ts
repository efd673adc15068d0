// How many requests each weighted rule has had, in memory that all workers share: a split is exact over all of them together.
// The main thread gives every weighted rule a cell and sends the plan beside the Snapshot; workers open it by name.
import type { Rule, StreamRoute, VirtualHost, WeightedBackend } from '../model/route.ts';
import type { Snapshot } from '../model/snapshot.ts';

/** 256 KiB. Rules beyond get a cell of their own in each worker: then the split is exact per worker. */
const DEFAULT_CAPACITY = 65_536;

/** What backends are weighed for: a Rule, or by its kind a StreamRoute. */
interface Weighted {
  readonly route: string;
  readonly kind?: Rule['kind'];
  readonly index: number | StreamRoute['kind'];
}

/** Where the rules of one Listener or ServiceFrontend count. */
export interface WeightCounters {
  cellOf(rule: Weighted): WeightCell;
}

export interface WeightCell {
  readonly cells: Int32Array;
  readonly index: number;
}

/** Structured-cloneable: goes to the workers with each Snapshot. */
export interface WeightPlan {
  readonly buffer: SharedArrayBuffer;
  /** Keyed by Listener or ServiceFrontend, Route and rule. */
  readonly cells: ReadonlyMap<string, number>;
}

/** Main thread: a rule keeps its cell for as long as Snapshots hold it, so edits elsewhere never disturb its split. */
export class WeightCells {
  readonly #buffer: SharedArrayBuffer;
  readonly #capacity: number;
  #plan = new Map<string, number>();
  #free: number[] = [];
  /** Cells given up by the last plan: workers may still count in them until they have taken the next one. */
  #leaving: number[] = [];
  #used = 0;

  constructor(capacity: number = DEFAULT_CAPACITY) {
    this.#capacity = capacity;
    this.#buffer = new SharedArrayBuffer(capacity * Int32Array.BYTES_PER_ELEMENT);
  }

  plan(snapshot: Snapshot): WeightPlan {
    const cells = new Map<string, number>();
    const waiting: string[] = [];
    for (const key of listWeightedRules(snapshot)) {
      const cell = this.#plan.get(key);
      if (cell === undefined) waiting.push(key);
      else cells.set(key, cell);
    }
    this.#free.push(...this.#leaving);
    this.#leaving = [...this.#plan].filter(([key]) => !cells.has(key)).map(([, cell]) => cell);
    for (const key of waiting) {
      const cell = this.#free.pop() ?? (this.#used < this.#capacity ? this.#used++ : undefined);
      if (cell !== undefined) cells.set(key, cell);
    }
    this.#plan = cells;
    return { buffer: this.#buffer, cells };
  }
}

/** In a worker. `scope` is the name of the Listener or ServiceFrontend whose rules are compiled. */
export function openCounters(plan: WeightPlan, scope: string): WeightCounters {
  const cells = new Int32Array(plan.buffer);
  return {
    cellOf(rule) {
      const index = plan.cells.get(keyOf(scope, rule));
      return index === undefined ? privateCell() : { cells, index };
    },
  };
}

/** For tests and tools that have one thread. */
export const PRIVATE_COUNTERS: WeightCounters = { cellOf: privateCell };

function privateCell(): WeightCell {
  return { cells: new Int32Array(1), index: 0 };
}

function listWeightedRules(snapshot: Snapshot): Set<string> {
  const keys = new Set<string>();
  const add = (scope: string, rule: Weighted, backends: readonly WeightedBackend[]): void => {
    if (backends.filter(({ weight }) => weight > 0).length > 1) keys.add(keyOf(scope, rule));
  };
  const addHosts = (scope: string, hosts: readonly VirtualHost[]): void => {
    for (const host of hosts) for (const rule of host.rules) add(scope, rule, rule.backends);
  };
  for (const port of snapshot.ports)
    for (const { name, hosts, streams = [] } of port.listeners) {
      addHosts(name, hosts);
      for (const { route, kind, backends } of streams) add(name, { route, index: kind }, backends);
    }
  for (const service of snapshot.services) addHosts(service.name, service.hosts);
  return keys;
}

/** Names of Listeners hold two slashes, of ServiceFrontends one and a colon: they never meet. */
function keyOf(scope: string, rule: Weighted): string {
  // Routes of different kinds may have one name.
  const kind = rule.kind === undefined ? '' : `${rule.kind} `;
  return `${scope} ${kind}${rule.route} ${rule.index}`;
}
