// The proxy as the main thread sees it: opens ports, starts one worker per core, hands each accepted configuration to all of
// them, and replaces a worker that dies. It serves no request itself.
//
//   apply(snapshot) ─► sockets opened here ─► {snapshot, names, weights, sockets} ─► every worker swaps one reference
import { availableParallelism } from 'node:os';
import type { TicketKeys } from '#native/tls/ticket-keys';
import type { Port, Snapshot } from '../model/snapshot.ts';
import { Recorder } from '../observe/recorder.ts';
import { Series } from '../observe/series.ts';
import { WeightCells } from '../route/weight-counters.ts';
import { shareOfWorker, type Limits } from './limits.ts';
import { PressureGauge } from './measure-pressure.ts';
import type { OriginalDestinationModule } from './original-destination.ts';
import { Overload, type Pressure } from './overload.ts';
import {
  openSockets,
  type HandedSockets,
  type ProxySockets,
  type RedirectListener,
} from './proxy-sockets.ts';
import { placeOf, portOf, transportOf, type Transport } from './port-key.ts';
import { WorkerThread } from './worker-thread.ts';
import type { Configuration, EngineKind } from './worker-message.ts';

/** How often memory and descriptors are looked at. */
const PRESSURE_MS = 500;
/** Why a port cannot be served. */
const NEEDS_EPOLL = 'is served by the epoll engine only';
const NEEDS_OPENSSL = 'needs OpenSSL, which this node binary does not export';
const NO_PROXY_PROTOCOL = 'UDP: the PROXY protocol announces connections, not datagrams';

/** A ticket key makes tickets for an hour and takes them for three more (TicketKeys). */
const TICKET_KEY_LIFE = 3_600_000;

export interface ProxyOptions {
  /** Worker threads; 0: one per core. */
  readonly workers: number;
  /** Address of the Gateway ports, such as 127.0.0.1, 0.0.0.0 or ::. */
  readonly bind: string;
  readonly limits: Limits;
  readonly engine: EngineKind;
  readonly accessLog?: { readonly path: string } | undefined;
  /** Opens the listeners that the datapath redirects to, and tells whence their connections came. */
  readonly originalDestination?: OriginalDestinationModule | undefined;
  /** Sockets that another process has handed over: as many of each as there are workers. */
  readonly inherited?: readonly HandedSockets[];
  /** Proxies in front of us whose X-Forwarded-For and X-Forwarded-Proto are believed. */
  readonly trustedHops?: number;
  /** Instead of measuring this process: for tests. */
  readonly measurePressure?: () => Pressure;
  /** Local answers name their failure code in `x-sluice-failure`. */
  readonly failureHeader?: boolean;
  /** Told of what went wrong by itself: a worker that died, a defect met on one connection. */
  readonly onTrouble?: (worker: number, detail: string) => void;
}

export interface PortReport {
  readonly port: number;
  readonly transport: Transport;
  readonly state: 'listening' | 'failed';
  /** Why it failed; '' when it listens. */
  readonly detail: string;
  /** What to do about it; '' when it listens. */
  readonly mend: string;
}

export interface ApplyReport {
  readonly revision: number;
  /** Why the Snapshot could not be put in force; undefined when it is. */
  readonly refused: string | undefined;
  readonly ports: readonly PortReport[];
}

export class Proxy {
  readonly series: Series = new Series();
  /** One per worker; they outlive it. */
  readonly recorders: readonly Recorder[];
  readonly #options: ProxyOptions;
  readonly #weights = new WeightCells();
  readonly #sockets: ProxySockets;
  readonly #workers: readonly WorkerThread[];
  #applying: Promise<unknown> = Promise.resolve();
  /** Undefined where there is no TLS. */
  readonly #tickets: TicketKeys | undefined;
  readonly #rotation: NodeJS.Timeout;
  readonly #overload = Overload.create();
  readonly #watch: NodeJS.Timeout;
  /** Which worker accepts for one that is absent. */
  readonly #substitutes = new Map<number, number>();
  #closed = false;

  /** Resolves when every worker is ready to take a Snapshot. Throws when one cannot start. */
  static async open(options: ProxyOptions): Promise<Proxy> {
    const count = options.workers > 0 ? options.workers : availableParallelism();
    const sockets = await openSockets(
      options.engine,
      options.bind,
      count,
      options.originalDestination !== undefined,
      options.inherited,
    );
    const tickets = options.engine === 'epoll' ? await openTickets() : undefined;
    const proxy = new Proxy(options, count, sockets, tickets);
    try {
      await Promise.all(proxy.#workers.map((worker) => worker.start()));
    } catch (error) {
      await proxy.close();
      throw error;
    }
    return proxy;
  }

  private constructor(
    options: ProxyOptions,
    count: number,
    sockets: ProxySockets,
    tickets: TicketKeys | undefined,
  ) {
    this.#options = options;
    this.#tickets = tickets;
    this.#sockets = sockets;
    this.recorders = Array.from({ length: count }, () => Recorder.create(this.series.caps));
    const limits = shareOfWorker(options.limits, count);
    this.#workers = this.recorders.map(
      (recorder, index) =>
        new WorkerThread(index, {
          engine: options.engine,
          bind: options.bind,
          limits,
          failureHeader: options.failureHeader ?? false,
          trustedHops: options.trustedHops ?? 0,
          accessLog: options.accessLog?.path,
          recorder,
          ticketKeys: tickets?.memory,
          originalDestination: options.originalDestination,
          sockets,
          overload: this.#overload,
          onTrouble: options.onTrouble ?? (() => {}),
          onAbsence: (absent, isAbsent) => this.#cover(absent, isAbsent),
        }),
    );
    const gauge = new PressureGauge(options.limits.maxMemoryBytes);
    const measure = options.measurePressure ?? (() => gauge.measure());
    this.#watch = setInterval(() => this.#overload.update(measure()), PRESSURE_MS).unref();
    this.#rotation = setInterval(() => this.rotateTicketKeys(), TICKET_KEY_LIFE).unref();
    process.once('exit', this.#stopWorkers);
  }

  /** Session tickets are made with a new key; those of the keys before it are still taken for a while. */
  rotateTicketKeys(): void {
    this.#tickets?.rotate();
  }

  /**
   * Puts a Snapshot in force in every worker. Ports that cannot be opened are reported and tried again with the next call;
   * nothing else stops. Calls are carried out one after another.
   */
  apply(snapshot: Snapshot): Promise<ApplyReport> {
    const result = this.#applying.then(() => this.#apply(snapshot));
    this.#applying = result.catch(() => undefined);
    return result;
  }

  /** Listeners for redirected connections, on loopback, shared by the workers; none without `originalDestination`. */
  redirectListeners(): readonly RedirectListener[] {
    return this.#sockets.redirects;
  }

  /** All listening sockets, for the process that is to take over. */
  get handed(): readonly HandedSockets[] {
    return this.#sockets.handed;
  }

  /** For rotation: every worker opens the access log's path anew. Resolves with the reason where one could not. */
  async reopenAccessLog(): Promise<string | undefined> {
    const errors = await Promise.all(this.#workers.map((worker) => worker.reopenLog()));
    return errors.find((error) => error !== undefined);
  }

  /**
   * Stops accepting, finishes what is in flight (`Connection: close`), at most for `milliseconds`. `handedOver`: another
   * process accepts from the same sockets, and idle connections may stay until their next request.
   */
  async drain(milliseconds: number, { handedOver = false }: { handedOver?: boolean } = {}): Promise<void> {
    await this.#applying;
    await Promise.all(this.#workers.map((worker) => worker.drain(milliseconds, handedOver)));
  }

  /** Ends all workers at once. A second call does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#rotation);
    clearInterval(this.#watch);
    process.removeListener('exit', this.#stopWorkers);
    await this.#applying;
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    this.#sockets.close();
  }

  /** For tests: ends a worker as a crash would. */
  crashWorker(index: number): void {
    this.#workers[index]?.crash();
  }

  async #apply(snapshot: Snapshot): Promise<ApplyReport> {
    const configuration: Configuration = {
      snapshot,
      names: this.series.learn(snapshot),
      weights: this.#weights.plan(snapshot),
    };
    const failures = new Map<number, string>();
    const places = snapshot.ports.map(({ port, protocol }) => placeOf(transportOf(protocol), port));
    const wanted = places.filter((place, index) => {
      const obstacle = this.#obstacleTo(snapshot.ports[index]!);
      if (obstacle !== '') failures.set(place, obstacle);
      return obstacle === '';
    });
    for (const { port, error } of await this.#sockets.open(wanted)) failures.set(port, error);
    const closing = this.#sockets.leave(wanted);
    const answers = await Promise.all(this.#workers.map((worker) => worker.apply(configuration, closing)));
    for (const { port, error } of answers.flatMap(({ failed }) => failed)) failures.set(port, error);
    for (const port of failures.keys()) this.#sockets.forget(port);
    return {
      revision: snapshot.revision,
      refused: answers.find(({ error }) => error !== undefined)?.error,
      ports: places.map((place) => this.#reportPort(place, failures.get(place))),
    };
  }

  /** Why nothing could be served at this port by this process, or ''. */
  #obstacleTo({ protocol, proxyProtocol = false }: Port): string {
    if (this.#options.engine === 'net' && protocol !== 'HTTP') return `${protocol} ${NEEDS_EPOLL}`;
    if ((protocol === 'HTTPS' || protocol === 'TLS') && this.#tickets === undefined)
      return `${protocol} ${NEEDS_OPENSSL}`;
    return protocol === 'UDP' && proxyProtocol ? NO_PROXY_PROTOCOL : '';
  }

  /** New connections wait for nobody: another worker takes what the kernel deals to the one that is absent. */
  #cover(index: number, absent: boolean): void {
    const before = this.#substitutes.get(index);
    // It died again before it was quite back.
    if (absent && before !== undefined && this.#workers[before]?.alive === true) return;
    const next = absent ? this.#workers.findIndex((worker, i) => i !== index && worker.alive) : before;
    if (next === undefined || next < 0) return;
    if (absent) this.#substitutes.set(index, next);
    else this.#substitutes.delete(index);
    this.#workers[next]?.cover(this.#sockets.ofWorker(index), absent);
  }

  #reportPort(place: number, error: string | undefined): PortReport {
    const { port, transport } = portOf(place);
    if (error === undefined) return { port, transport, state: 'listening', detail: '', mend: '' };
    return { port, transport, state: 'failed', detail: error, mend: mendOf(error, this.#options.bind) };
  }

  readonly #stopWorkers = (): void => {
    for (const worker of this.#workers) worker.tellStop();
  };
}

/** Where the node binary has no OpenSSL for us, nothing but TLS is missing. */
async function openTickets(): Promise<TicketKeys | undefined> {
  const { tlsUnavailable } = await import('#native/tls/probe');
  if (tlsUnavailable() !== '') return undefined;
  return (await import('#native/tls/ticket-keys')).TicketKeys.create();
}

function mendOf(error: string, bind: string): string {
  if (error.includes('EADDRINUSE'))
    return 'end the process that listens there (ss -ltnp), or change the port of the Listener';
  if (error.includes('EACCES')) return 'ports below 1024 need root or CAP_NET_BIND_SERVICE';
  if (error.includes('EADDRNOTAVAIL')) return `${bind} is no address of this machine: change --bind`;
  if (error.endsWith(NEEDS_EPOLL)) return 'run it where C can be called, with --engine epoll';
  if (error.endsWith(NEEDS_OPENSSL)) return 'run it with a node binary that exports OpenSSL';
  if (error === NO_PROXY_PROTOCOL) return 'announce clients to TCP ports only';
  return 'see the error';
}
