// The connections to one endpoint: how many there are, and those that wait for the next request. The one used last is
// taken first, so that the rest grow old and close when load falls.
import type { Endpoint } from '../model/cluster.ts';

/** How long an endpoint that refused a connection is passed over, milliseconds. */
const COOL_DOWN = 1000;

/** What a connection must keep for its pool. */
export interface Pooled {
  /** Place among the idle ones, -1 while in use. */
  poolIndex: number;
  /** Whose requests alone it may carry: the endpoint was told who that is. */
  readonly owner?: unknown;
}

/** A connection that carries several requests at once. */
export interface Shared {
  /** Takes another request. */
  readonly hasRoom: boolean;
  /** Takes no more requests, and closes after the last. */
  retire(): void;
}

export interface PoolLimits {
  readonly maxConnections: number;
  readonly maxIdleConnections: number;
}

export class EndpointPool<C extends Pooled> {
  readonly address: string;
  readonly port: number;
  /** Open connections, idle or in use or connecting. */
  open = 0;
  /** The endpoint left its Cluster: connections close after their request. */
  retired = false;
  /** Connecting failed: avoided until then (milliseconds of the worker's clock). */
  failedUntil = 0;
  readonly idle: C[] = [];
  /** Connections of HTTP/2, as long as they take requests. */
  readonly shared: Shared[] = [];
  readonly #limits: PoolLimits;

  constructor(endpoint: Endpoint, limits: PoolLimits) {
    this.address = endpoint.address;
    this.port = endpoint.port;
    this.#limits = limits;
  }

  get full(): boolean {
    return this.open >= this.#limits.maxConnections;
  }

  /** Connecting failed at `now`: others are taken first for a while. */
  passOver(now: number): void {
    this.failedUntil = now + COOL_DOWN;
  }

  /** A request can be sent: on a connection that there is, or on a new one. */
  get usable(): boolean {
    if (this.idle.length > 0 || !this.full) return true;
    for (const shared of this.shared) if (shared.hasRoom) return true;
    return false;
  }

  /** An idle connection, or undefined. */
  take(): C | undefined {
    const connection = this.idle.pop();
    if (connection !== undefined) connection.poolIndex = -1;
    return connection;
  }

  /** The one used last of those that belong to `owner`. */
  takeOf(owner: unknown): C | undefined {
    const connection = this.idle.findLast((one) => one.owner === owner);
    if (connection !== undefined) this.drop(connection);
    return connection;
  }

  /** False when the connection is not wanted any more: the caller closes it. */
  give(connection: C): boolean {
    if (this.retired || this.idle.length >= this.#limits.maxIdleConnections) return false;
    connection.poolIndex = this.idle.length;
    this.idle.push(connection);
    return true;
  }

  /** An idle connection has died. */
  drop(connection: C): void {
    const at = connection.poolIndex;
    if (at < 0) return;
    connection.poolIndex = -1;
    const last = this.idle.pop();
    if (last === undefined || last === connection) return;
    this.idle[at] = last;
    last.poolIndex = at;
  }
}
