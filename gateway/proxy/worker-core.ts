// What every worker does, whichever engine moves its bytes: takes over configurations, opens and closes client connections,
// drains.
import { performance } from 'node:perf_hooks';
import { EMPTY_SNAPSHOT } from '../model/snapshot.ts';
import { AccessLog } from '../observe/access-log.ts';
import { AccessLogFile } from '../observe/access-log-file.ts';
import { Recorder } from '../observe/recorder.ts';
import { WeightCells } from '../route/weight-counters.ts';
import type { Io } from './channel.ts';
import { compileConfig } from './compiled-config.ts';
import type { Deadlines } from './deadlines.ts';
import { Engine } from './engine.ts';
import { Overload, REFUSING } from './overload.ts';
import type { Client } from './client.ts';
import { Dispatcher } from './dispatch.ts';
import { firstClient } from './first-client.ts';
import type { Configuration, WorkerData } from './worker-message.ts';

/** Clients that are idle when draining begins get this long for a request that is on its way (milliseconds). */
const IDLE_GRACE = 1000;

export class WorkerCore {
  readonly engine: Engine;
  /** What of the last configuration cannot be served as it is wanted, and could in the one before. */
  newFaults: readonly string[] = [];
  #faults: readonly string[] = [];
  readonly recorder: Recorder;
  readonly #accessLog: AccessLog | undefined;
  #drainUntil = 0;

  constructor(data: WorkerData, io: Io, deadlines: Deadlines) {
    const { limits, failureHeader, trustedHops } = data;
    this.recorder = Recorder.attach(data.recorder);
    if (data.accessLog !== undefined)
      this.#accessLog = new AccessLog(AccessLogFile.open(data.accessLog), { recorder: this.recorder });
    const config = compileConfig(
      EMPTY_SNAPSHOT,
      { listeners: [], routes: [], clusters: [] },
      new WeightCells(1).plan(EMPTY_SNAPSHOT),
    );
    const options = {
      limits,
      failureHeader,
      trustedHops,
      recorder: this.recorder,
      accessLog: this.#accessLog,
      overload: Overload.attach(data.overload),
    };
    this.engine = new Engine(io, deadlines, config, options, (engine) => new Dispatcher(engine));
  }

  /** Puts a configuration in force, as a whole or not at all. Requests under way keep the rule they have. */
  apply({ snapshot, names, weights }: Configuration): string | undefined {
    const { engine } = this;
    let faults: readonly string[];
    try {
      const config = compileConfig(snapshot, names, weights);
      const retired = engine.clusters.apply(snapshot.clusters, (name) => config.ids.cluster(name));
      faults = engine.tls?.apply(snapshot) ?? [];
      engine.config = config;
      engine.closeRetired(retired);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    this.newFaults = faults.filter((fault) => !this.#faults.includes(fault));
    this.#faults = faults;
    for (const client of engine.clients) if (client.scope() === undefined) client.retire(IDLE_GRACE);
    return undefined;
  }

  /** A client has connected. `open` gives its connection to the engine below and says whether that worked. */
  admit(key: string, address: string, port: number, open: (client: Client) => boolean): void {
    const { engine } = this;
    const crowded = engine.clients.size >= engine.limits.maxClients || engine.overload.level === REFUSING;
    const client = firstClient(engine, key, address, port);
    const excess = crowded || engine.addresses.exceeded(address);
    if (!open(client)) {
      client.leave();
      return;
    }
    this.recorder.clientOpened(client.scopeId);
    // Telling costs a descriptor for a moment: a flood is cut off without a word.
    if (excess && engine.turnedAway >= engine.limits.maxClients) engine.io.reset(client);
    else if (excess) client.turnAway();
    else {
      client.opened();
      if (this.#drainUntil > 0 && client.fd >= 0) client.retire(IDLE_GRACE);
    }
  }

  /**
   * Ends every client connection after its request. An idle one gets a moment for a request that is on its way; without
   * hurry it gets all the time, so that none ever meets a connection that is being closed.
   */
  drain(milliseconds: number, unhurried: boolean): void {
    this.#drainUntil = performance.now() + milliseconds;
    const grace = unhurried ? milliseconds : Math.min(IDLE_GRACE, milliseconds / 2);
    for (const client of this.engine.clients) client.retire(grace);
  }

  /** Draining, and nothing is left or time is up. */
  get drained(): boolean {
    if (this.#drainUntil === 0) return false;
    if (this.engine.clients.size > 0 && performance.now() < this.#drainUntil) return false;
    return (
      this.#accessLog === undefined || this.#accessLog.pending === 0 || performance.now() >= this.#drainUntil
    );
  }

  /** The time is up: what is still in flight is answered, counted and logged as failed. */
  cutOff(): void {
    for (const client of this.engine.clients) client.stop();
  }

  /** Once per turn of the loop. */
  flushLog(): void {
    this.#accessLog?.flush();
  }
}
