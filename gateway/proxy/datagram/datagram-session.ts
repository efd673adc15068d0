// What one client sends to one of our UDP ports, and its answers: a socket of its own, connected to the endpoint that the weights
// chose, so that answers find their client by the socket and refusals (ICMP) are heard.
import type { DatagramBatch, Envelope } from '#native/datagram-batch';
import { connectDatagrams } from '#native/datagram';
import { EAGAIN, ECONNREFUSED, EHOSTUNREACH, EINTR, ENETUNREACH } from '#native/errno';
import { lastErrno } from '#native/libc';
import type { FailureCode } from '../../model/failure.ts';
import type { CompiledConfig } from '../compiled-config.ts';
import type { Timed } from '../deadlines.ts';
import { Relay } from '../stream/relay.ts';
import type { DatagramListener } from './datagram-listener.ts';
import type { Recent } from './recency.ts';

/** Calls on one socket before the others get their turn. */
const CALLS_PER_TURN = 8;

/** What ICMP says of an endpoint: nobody listens there, or no way leads there. */
const REFUSALS: ReadonlySet<number> = new Set([ECONNREFUSED, EHOSTUNREACH, ENETUNREACH]);

export class DatagramSession implements Timed, Recent<DatagramSession> {
  slot = -1;
  older: DatagramSession | null = null;
  newer: DatagramSession | null = null;
  readonly key: string;
  /** The client has sent something and not been answered since. */
  asked = false;
  readonly #listener: DatagramListener;
  readonly #envelope: Envelope;
  readonly #address: string;
  readonly #port: number;
  readonly #relay: Relay;
  #config: CompiledConfig;
  /** Why nothing goes anywhere; '' when it does. */
  #failure: FailureCode | '';
  #fd = -1;
  #open = true;

  /** For the sender of datagram `index`. */
  constructor(listener: DatagramListener, key: string, batch: DatagramBatch, index: number) {
    const { engine } = listener;
    const { address, port } = batch.sender(index);
    this.key = key;
    this.#listener = listener;
    this.#envelope = batch.envelope(index);
    this.#address = address;
    this.#port = port;
    this.#config = engine.config;
    const scope = listener.scope();
    this.#relay = new Relay(engine, 'UDP', scope?.listeners.find(''), '', scope?.id ?? 0);
    this.#failure = this.#relay.choose();
    engine.recorder.clientOpened(this.#relay.listenerId);
    engine.deadlines.add(this);
  }

  /** Whether the backend of this session is still one of the route that is in force. */
  get served(): boolean {
    const { engine } = this.#listener;
    if (this.#config === engine.config) return true;
    this.#config = engine.config;
    const stream = this.#listener.scope()?.listeners.find('')?.streams.find('');
    const { cluster, pool } = this.#relay;
    return cluster !== undefined && stream?.leadsTo(cluster.name) === true && pool?.retired !== true;
  }

  /** Sends `count` datagrams on, from `first`. Those that cannot be sent are lost, as datagrams may be. */
  forward(batch: DatagramBatch, first: number, count: number): void {
    this.#count(batch, first, count, true);
    this.asked = true;
    const end = first + count;
    // A refusal of what was sent before is told to the next call: then another endpoint gets these.
    for (let calls = 0; first < end && calls < CALLS_PER_TURN; calls++) {
      if (this.#fd < 0 && !this.#connect()) return;
      const sent = batch.send(this.#fd, first, end - first, null);
      if (sent > 0) first += sent;
      else if (!this.#recover(lastErrno())) return;
    }
  }

  onDeadline(): void {
    this.end('');
  }

  abandon(): void {
    this.end('INTERNAL');
  }

  end(failure: FailureCode | ''): void {
    if (!this.#open) return;
    this.#open = false;
    const { engine } = this.#listener;
    engine.deadlines.remove(this);
    this.#disconnect();
    engine.recorder.clientClosed(this.#relay.listenerId);
    this.#relay.end(failure === '' ? this.#failure : failure, this.#address, this.#port);
    this.#listener.ended(this);
  }

  readonly #onReadable = (): void => {
    const { batch, fd } = this.#listener;
    for (let calls = 0; calls < CALLS_PER_TURN && this.#fd >= 0; calls++) {
      const count = batch.receive(this.#fd);
      if (count < 0) {
        const errno = lastErrno();
        if (errno !== EAGAIN && errno !== EINTR) this.#refused();
        return;
      }
      this.asked = false;
      this.#count(batch, 0, count, false);
      for (let first = 0; first < count;) {
        const sent = batch.send(fd, first, count - first, this.#envelope);
        // One that cannot be sent must not keep the others.
        first += Math.max(1, sent);
      }
      if (count < batch.capacity) return;
    }
  };

  #count(batch: DatagramBatch, first: number, count: number, fromClient: boolean): void {
    const { engine } = this.#listener;
    let bytes = 0;
    for (let i = first; i < first + count; i++) bytes += batch.length(i);
    if (fromClient) this.#relay.countIn(bytes);
    else this.#relay.countOut(bytes);
    this.#listener.touched(this);
    engine.deadlines.set(this, engine.limits.sessionTimeout);
  }

  #connect(): boolean {
    const relay = this.#relay;
    if (relay.cluster === undefined) return false;
    const pool = relay.pickAny();
    if (typeof pool === 'string') {
      this.#failure = pool;
      return false;
    }
    return this.#connectTo(pool.address, pool.port);
  }

  #connectTo(address: string, port: number): boolean {
    const fd = connectDatagrams(address, port);
    this.#failure = fd < 0 ? 'CONNECT_FAILED' : '';
    if (fd < 0) return false;
    this.#fd = fd;
    this.#listener.watch(fd, this.#onReadable);
    this.#listener.engine.recorder.upstreamOpened(this.#relay.cluster?.id ?? 0);
    return true;
  }

  /** Whether to try again what could not be sent. */
  #recover(errno: number): boolean {
    // No room in the kernel, or too large for the way: lost.
    return errno === EINTR || (REFUSALS.has(errno) && this.#refused());
  }

  /** The endpoint does not take datagrams: the next one goes to another, if there is one. */
  #refused(): boolean {
    this.#disconnect();
    this.#failure = 'CONNECT_FAILED';
    const other = this.#relay.pickOther();
    return other !== undefined && this.#connectTo(other.address, other.port);
  }

  #disconnect(): void {
    if (this.#fd < 0) return;
    this.#listener.unwatch(this.#fd);
    this.#fd = -1;
    this.#listener.engine.recorder.upstreamClosed(this.#relay.cluster?.id ?? 0);
  }
}
