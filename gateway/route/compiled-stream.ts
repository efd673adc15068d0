// A StreamRoute ready to serve: its weights turned into a schedule that all workers count in together, as a Rule's are.
import type { StreamRoute, WeightedBackend } from '../model/route.ts';
import { HostIndex } from './host-index.ts';
import { compileSchedule, type Schedule } from './schedule.ts';
import { pickByWeight } from './weight.ts';
import type { WeightCell, WeightCounters } from './weight-counters.ts';

export class CompiledStream {
  /** `namespace/name`. */
  readonly route: string;
  readonly #backends: readonly WeightedBackend[];
  readonly #schedule: Schedule | undefined;
  readonly #cell: WeightCell;

  constructor({ route, kind, backends }: StreamRoute, counters: WeightCounters) {
    this.route = route;
    this.#backends = backends;
    this.#schedule = compileSchedule(backends.map(({ weight }) => weight));
    this.#cell = counters.cellOf({ route, index: kind });
  }

  leadsTo(cluster: string): boolean {
    return this.#backends.some((backend) => backend.weight > 0 && backend.cluster === cluster);
  }

  /** The backend of the next connection, or undefined when none has a weight above zero (failure NO_BACKEND). */
  pickBackend(): WeightedBackend | undefined {
    return this.#schedule && this.#backends[pickByWeight(this.#schedule, this.#cell)];
  }
}

/** A Listener's StreamRoutes by the name that the client asks for; '' where it asks for none. The first of equals wins. */
export function compileStreams(
  streams: readonly StreamRoute[],
  counters: WeightCounters,
): HostIndex<CompiledStream> {
  return new HostIndex(
    streams.flatMap((stream) => {
      const compiled = new CompiledStream(stream, counters);
      const hostnames = stream.hostnames.length === 0 ? [''] : stream.hostnames;
      return hostnames.map((hostname) => [hostname, compiled] as const);
    }),
  );
}
