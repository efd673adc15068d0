// What one worker counts: plain additions to a shared array of doubles. One writer per array, so nothing is atomic and
// nothing is allocated; the main thread reads the arrays when somebody scrapes. An aligned double is never read in half
// on x86-64 and arm64, and a scrape that sees one counter a moment before another is how Prometheus reads anyway.
import {
  ACCESS_LOG,
  CLUSTER,
  DURATION_BOUNDS,
  LISTENER,
  ROUTE,
  layoutOf,
  type RecorderLayout,
} from './recorder-layout.ts';
import { DEFAULT_CAPS, type SeriesCaps } from './series.ts';

/** In place of a route or cluster id: the request had none. */
export const NONE = -1;

const BOUNDS = Float64Array.from(DURATION_BOUNDS);

/** A Recorder's memory as it travels to a worker (`workerData` or a message). */
export interface RecorderMemory {
  readonly buffer: ArrayBufferLike;
  readonly caps: SeriesCaps;
}

export class Recorder {
  readonly memory: RecorderMemory;
  /** The counters, laid out by `layout`; for readers. */
  readonly counts: Float64Array;
  readonly layout: RecorderLayout;
  readonly #caps: SeriesCaps;

  /** Main thread: memory for one worker. It outlives the worker, so that counters never go back. */
  static create(caps: SeriesCaps = DEFAULT_CAPS): Recorder {
    const bytes = layoutOf(caps).length * Float64Array.BYTES_PER_ELEMENT;
    return new Recorder({ buffer: new SharedArrayBuffer(bytes), caps });
  }

  /** Worker: the writer's view of memory that `create` made. */
  static attach(memory: RecorderMemory): Recorder {
    return new Recorder(memory);
  }

  private constructor(memory: RecorderMemory) {
    this.memory = memory;
    this.#caps = memory.caps;
    this.layout = layoutOf(memory.caps);
    this.counts = new Float64Array(memory.buffer);
    if (this.counts.length !== this.layout.length)
      throw new RangeError(`recorder memory holds ${this.counts.length} counters, not ${this.layout.length}`);
  }

  /**
   * A request ended. `status` 0: no answer was sent. `routeId` or `clusterId` NONE: it never got that far. `micros` may
   * be fractional; bytes count heads and bodies.
   */
  requestDone(
    listenerId: number,
    routeId: number,
    clusterId: number,
    status: number,
    micros: number,
    bytesIn: number,
    bytesOut: number,
  ): void {
    const counts = this.counts;
    const statusClass = status >= 200 && status < 600 ? ((status / 100) | 0) - 1 : 0;
    const listener = this.#listener(listenerId);
    counts[listener + statusClass]! += 1;
    counts[listener + LISTENER.bytesIn]! += bytesIn;
    counts[listener + LISTENER.bytesOut]! += bytesOut;
    if (routeId !== NONE) {
      const route = this.layout.routes + (routeId < this.#caps.routes ? routeId : 0) * ROUTE.width;
      counts[route + statusClass]! += 1;
      counts[route + ROUTE.buckets + bucketOf(micros)]! += 1;
      counts[route + ROUTE.sum]! += micros;
    }
    if (clusterId !== NONE) counts[this.#cluster(clusterId) + statusClass]! += 1;
  }

  /** Bytes of a connection or session without requests, counted as they pass. */
  relayed(listenerId: number, bytesIn: number, bytesOut: number): void {
    const row = this.#listener(listenerId);
    this.counts[row + LISTENER.bytesIn]! += bytesIn;
    this.counts[row + LISTENER.bytesOut]! += bytesOut;
  }

  /** `code` is FAILURE_INDEX[FailureCode]. */
  failure(code: number): void {
    this.counts[this.layout.failures + code]! += 1;
  }

  clientOpened(listenerId: number): void {
    const row = this.#listener(listenerId);
    this.counts[row + LISTENER.opened]! += 1;
    this.counts[row + LISTENER.active]! += 1;
  }

  clientClosed(listenerId: number): void {
    this.counts[this.#listener(listenerId) + LISTENER.active]! -= 1;
  }

  upstreamOpened(clusterId: number): void {
    const row = this.#cluster(clusterId);
    this.counts[row + CLUSTER.opened]! += 1;
    this.counts[row + CLUSTER.active]! += 1;
  }

  upstreamClosed(clusterId: number): void {
    this.counts[this.#cluster(clusterId) + CLUSTER.active]! -= 1;
  }

  upstreamConnectFailed(clusterId: number): void {
    this.counts[this.#cluster(clusterId) + CLUSTER.connectFailed]! += 1;
  }

  accessLogWritten(lines: number): void {
    this.counts[this.layout.accessLog + ACCESS_LOG.written]! += lines;
  }

  accessLogDropped(lines: number): void {
    this.counts[this.layout.accessLog + ACCESS_LOG.dropped]! += lines;
  }

  /** After its worker died: its connections are gone, its totals stay. */
  forgetConnections(): void {
    for (let id = 0; id < this.#caps.listeners; id++) this.counts[this.#listener(id) + LISTENER.active] = 0;
    for (let id = 0; id < this.#caps.clusters; id++) this.counts[this.#cluster(id) + CLUSTER.active] = 0;
  }

  #listener(id: number): number {
    return this.layout.listeners + (id < this.#caps.listeners ? id : 0) * LISTENER.width;
  }

  #cluster(id: number): number {
    return this.layout.clusters + (id < this.#caps.clusters ? id : 0) * CLUSTER.width;
  }
}

/** All workers' counters added up, in memory of their own. They must have the same caps. */
export function sumRecorders(recorders: readonly Recorder[], caps: SeriesCaps): Recorder {
  const buffer = new ArrayBuffer(layoutOf(caps).length * Float64Array.BYTES_PER_ELEMENT);
  const total = Recorder.attach({ buffer, caps });
  for (const { counts } of recorders)
    for (let i = 0; i < total.counts.length; i++) total.counts[i]! += counts[i] ?? 0;
  return total;
}

/** Index of the first bound that is not below `micros`; one past the last bound for longer ones. */
function bucketOf(micros: number): number {
  let low = 0;
  let high = BOUNDS.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (BOUNDS[middle]! < micros) low = middle + 1;
    else high = middle;
  }
  return low;
}
