// A client's connection, whatever it speaks: where it came in, from whom, and how it is told to go.
import type { SocketAddress } from '#native/address';
import { Channel, type Bytes } from './channel.ts';
import type { Scope } from './compiled-config.ts';
import type { Engine } from './engine.ts';
import { forwardedFor, type Forwarded } from './http1/forwarded.ts';
import type { RequestMemo } from './http1/request-memo.ts';

export abstract class Client extends Channel {
  readonly engine: Engine;
  /** Where the connection came in: key of the configuration's scopes. */
  readonly key: string;
  readonly address: string;
  readonly port: number;
  /** Where the client connected to, when a proxy in front of us said so; else it is for the connection to say. */
  destination: SocketAddress | null = null;
  readonly forwarded: Forwarded;
  /** What requests on it are asked by. */
  readonly scheme: 'http' | 'https';
  /** Name of the Listener that TLS chose by the server name: no other one serves its requests. '' without TLS. */
  boundTo = '';
  /** Counts what belongs to no listener of its own. */
  readonly scopeId: number;
  /** Clients are workloads of the mesh. */
  readonly inMesh: boolean;
  /** A client that cannot be written to needs nothing more. */
  override readonly endsWhenBroken = true;
  /** Speaks HTTP/2. */
  readonly http2: boolean = false;
  /** Has had a request. */
  served = false;
  /** What the last request asked for, once there was more than one. */
  memo: RequestMemo | null = null;
  /** Serves no request after the next answer. */
  retiring = false;
  #turnedAway = false;

  constructor(engine: Engine, key: string, address: string, port: number) {
    super();
    this.engine = engine;
    this.key = key;
    this.address = address;
    this.port = port;
    const scope = this.scope();
    this.scheme = scope?.protocol === 'HTTPS' ? 'https' : 'http';
    this.forwarded = forwardedFor(address, this.scheme);
    this.scopeId = scope?.id ?? 0;
    this.inMesh = scope?.inMesh ?? false;
    engine.clients.add(this);
    engine.addresses.add(address);
  }

  /** For a connection that is the only stream on it. */
  get client(): Client {
    return this;
  }

  /** What the configuration in force serves here; undefined when it is gone. */
  scope(): Scope | undefined {
    return this.engine.config.scopes.get(this.key);
  }

  /** How long a fresh connection may say nothing, milliseconds. */
  get patience(): number {
    return this.engine.limits.idleTimeout;
  }

  /** The client does not take what was written to it. */
  get congested(): boolean {
    return this.pending !== null;
  }

  /** The connection stands, or was taken over from another client object: it may begin. */
  opened(): void {
    this.engine.deadlines.set(this, this.patience);
  }

  onConnected(): void {}

  onClosed(): void {
    if (this.#turnedAway) this.engine.turnedAway--;
    else this.leave();
    this.engine.recorder.clientClosed(this.scopeId);
  }

  /** Is not counted as a client any more. */
  leave(): void {
    this.engine.clients.delete(this);
    this.engine.addresses.remove(this.address);
  }

  /** One client too many: it is told so, and takes no place while it is being closed. */
  turnAway(): void {
    this.#turnedAway = true;
    this.engine.turnedAway++;
    this.leave();
    this.sayOverloaded();
  }

  /** Another client object takes the connection over (`Io.handOver`) and the place of this one. */
  protected succeed(next: Client): void {
    this.leave();
    next.retiring = this.retiring;
    next.destination = this.destination;
    next.boundTo = this.boundTo;
    this.engine.io.handOver(this, next);
    if (this.engine.addresses.exceeded(next.address)) next.turnAway();
    else next.opened();
  }

  /** The same, with what was read and not used. Returns its end. */
  protected passOn(next: Client, bytes: Bytes, start: number, end: number): number {
    this.succeed(next);
    next.onData(bytes, start, end);
    return end;
  }

  /** Says that there are too many clients, and closes. */
  protected abstract sayOverloaded(): void;
  /** Ends the connection once what is under way is done, or after `grace` milliseconds without a request. */
  abstract retire(grace: number): void;
  /** Time is up: what is under way fails with STOPPED. */
  abstract stop(): void;
  abandon(): void {
    this.engine.io.reset(this);
  }
}
