// A Rule ready to serve: filters compiled, weights turned into a schedule. What `RouteTable.match` returns.
import { compileFilters, type CompiledFilters } from '../filter/filters.ts';
import type { Rule, WeightedBackend } from '../model/route.ts';
import { compileSchedule, type Schedule } from './schedule.ts';
import { pickByWeight } from './weight.ts';
import type { WeightCell, WeightCounters } from './weight-counters.ts';

export interface CompiledBackend {
  readonly backend: WeightedBackend;
  /** The rule's filters followed by the backend's own, or undefined when it has none: then the rule's hold. */
  readonly filters: CompiledFilters | undefined;
}

export class CompiledRule {
  readonly rule: Rule;
  /** `namespace/name` of the HTTPRoute. */
  readonly route: string;
  /** Of a GRPCRoute. */
  readonly grpc: boolean;
  /** What the route is counted under. */
  readonly seriesId: number;
  readonly filters: CompiledFilters;
  readonly #backends: readonly CompiledBackend[];
  /** The only backend with a weight, if there is just one: nothing to count. */
  readonly #only: CompiledBackend | undefined;
  readonly #schedule: Schedule | undefined;
  readonly #cell: WeightCell | undefined;

  constructor(rule: Rule, counters: WeightCounters, seriesId = 0) {
    this.rule = rule;
    this.route = rule.route;
    this.grpc = rule.kind === 'GRPCRoute';
    this.seriesId = seriesId;
    this.filters = compileFilters(rule.filters);
    this.#backends = rule.backends.map((backend) => compileBackend(rule, backend));
    const used = this.#backends.filter(({ backend }) => backend.weight > 0);
    this.#only = used.length === 1 ? used[0] : undefined;
    if (used.length < 2) return;
    this.#schedule = compileSchedule(rule.backends.map(({ weight }) => weight));
    this.#cell = counters.cellOf(rule);
  }

  /** The backend that takes this request, or undefined when no backend has a weight above zero (failure NO_BACKEND). */
  pickBackend(): CompiledBackend | undefined {
    if (this.#schedule === undefined || this.#cell === undefined) return this.#only;
    return this.#backends[pickByWeight(this.#schedule, this.#cell)];
  }
}

function compileBackend(rule: Rule, backend: WeightedBackend): CompiledBackend {
  const filters =
    backend.filters.length > 0 ? compileFilters([...rule.filters, ...backend.filters]) : undefined;
  return { backend, filters };
}
