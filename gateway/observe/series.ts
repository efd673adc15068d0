// Names of Listeners, Routes and Clusters as small dense numbers: workers count by number, people read names. Ids are only
// ever added, so a counter never changes its owner; what comes after the cap shares id 0, 'other', and memory and the
// size of a scrape stay fixed however many objects there are.
import type { Snapshot } from '../model/snapshot.ts';

/** Name of id 0: everything that has no series of its own. */
export const OTHER = 'other';

/** How many series each dimension may have, 'other' included. */
export interface SeriesCaps {
  readonly listeners: number;
  readonly routes: number;
  readonly clusters: number;
}

/** Sized so that a scrape stays below 2,000 samples when every cap is reached (exposition.test.ts proves it). */
export const DEFAULT_CAPS: SeriesCaps = { listeners: 16, routes: 48, clusters: 48 };

/** Names by id; index 0 is 'other'. Plain data: it travels to the workers. */
export interface SeriesNames {
  readonly listeners: readonly string[];
  readonly routes: readonly string[];
  readonly clusters: readonly string[];
}

/** The main thread's register of names. Feed it each Snapshot before the workers get it. */
export class Series {
  readonly caps: SeriesCaps;
  readonly #listeners: Dimension;
  readonly #routes: Dimension;
  readonly #clusters: Dimension;

  constructor(caps: SeriesCaps = DEFAULT_CAPS) {
    this.caps = caps;
    this.#listeners = new Dimension(caps.listeners);
    this.#routes = new Dimension(caps.routes);
    this.#clusters = new Dimension(caps.clusters);
  }

  /**
   * Gives every Listener, Route and Cluster of the Snapshot an id and returns all names for the workers.
   * A ServiceFrontend counts as a Listener under its own name (`namespace/service:port`).
   */
  learn(snapshot: Snapshot): SeriesNames {
    const frontends = [...snapshot.ports.flatMap((port) => port.listeners), ...snapshot.services];
    for (const frontend of frontends) {
      this.#listeners.learn(frontend.name);
      for (const host of frontend.hosts) for (const rule of host.rules) this.#routes.learn(rule.route);
    }
    for (const cluster of snapshot.clusters) this.#clusters.learn(cluster.name);
    return this.names;
  }

  get names(): SeriesNames {
    return {
      listeners: [...this.#listeners.names],
      routes: [...this.#routes.names],
      clusters: [...this.#clusters.names],
    };
  }

  /** Names that found no id of their own, by dimension: they are counted under 'other'. */
  get folded(): SeriesCaps {
    return {
      listeners: this.#listeners.folded,
      routes: this.#routes.folded,
      clusters: this.#clusters.folded,
    };
  }
}

/** The worker's side: name to id. Look ids up when a Snapshot is compiled, never per request. */
export class SeriesIds {
  readonly #listeners: ReadonlyMap<string, number>;
  readonly #routes: ReadonlyMap<string, number>;
  readonly #clusters: ReadonlyMap<string, number>;

  constructor(names: SeriesNames) {
    this.#listeners = byName(names.listeners);
    this.#routes = byName(names.routes);
    this.#clusters = byName(names.clusters);
  }

  listener(name: string): number {
    return this.#listeners.get(name) ?? 0;
  }

  route(name: string): number {
    return this.#routes.get(name) ?? 0;
  }

  cluster(name: string): number {
    return this.#clusters.get(name) ?? 0;
  }
}

class Dimension {
  readonly names: string[] = [OTHER];
  readonly #cap: number;
  readonly #known = new Set<string>();
  readonly #folded = new Set<string>();

  constructor(cap: number) {
    if (!Number.isInteger(cap) || cap < 1)
      throw new RangeError(`a series cap must be a whole number of at least 1, not ${cap}`);
    this.#cap = cap;
  }

  get folded(): number {
    return this.#folded.size;
  }

  learn(name: string): void {
    if (this.#known.has(name)) return;
    if (this.names.length >= this.#cap) {
      // Only a number for people; a set of names that churns for months must not grow without end.
      if (this.#folded.size < 100_000) this.#folded.add(name);
      return;
    }
    this.#known.add(name);
    this.names.push(name);
  }
}

function byName(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map(names.map((name, id) => [name, id]));
}
