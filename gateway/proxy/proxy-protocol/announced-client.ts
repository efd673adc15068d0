// The beginning of a connection to a port where every client is announced by a proxy in front of us: reads the header, and hands
// over to whatever the port speaks as if the announced client had connected itself. Without a valid header nothing is served.
import type { FailureCode } from '../../model/failure.ts';
import { FAILURE_INDEX } from '../../observe/recorder-layout.ts';
import type { Bytes } from '../channel.ts';
import { Client } from '../client.ts';
import type { Engine } from '../engine.ts';
import { Stash } from '../http1/stash.ts';
import { readProxyHeader, type ProxyHeader } from './read-header.ts';

/** The client that the port's protocol begins with. */
export type Successor = (engine: Engine, key: string, address: string, port: number) => Client;

export class AnnouncedClient extends Client {
  readonly #successor: Successor;
  readonly #stash = new Stash();

  /** `peeks`: the successor is to find what comes behind the header in the kernel; otherwise it is given it. */
  constructor(
    successor: Successor,
    peeks: boolean,
    engine: Engine,
    key: string,
    address: string,
    port: number,
  ) {
    super(engine, key, address, port);
    this.#successor = successor;
    this.peeks = peeks;
  }

  /** A proxy sends its header at once; "at least 3 seconds" leave time for a retransmit (section 2). */
  override get patience(): number {
    return this.engine.limits.headTimeout;
  }

  onData(bytes: Bytes, start: number, end: number): void {
    const { engine } = this;
    const stash = this.#stash;
    if (stash.bytes !== null) {
      stash.add(engine.io, bytes, start, end);
      bytes = stash.bytes;
      start = stash.start;
      end = stash.end;
    }
    const result = readProxyHeader(bytes.buffer, start, end, engine.limits.maxProxyHeaderBytes);
    if (typeof result === 'object') this.#handOver(result, bytes, start, end);
    else if (typeof result === 'string' || this.peerEnded) this.#fail('PROXY_HEADER_INVALID');
    else if (!this.peeks && stash.bytes === null) stash.add(engine.io, bytes, start, end);
  }

  onEnd(): void {
    this.#fail(this.#stash.bytes === null ? '' : 'PROXY_HEADER_INVALID');
  }

  onError(): void {
    this.#fail('');
  }

  onProgress(): void {}

  onDrained(): void {}

  onDeadline(): void {
    this.#fail('PROXY_HEADER_INVALID');
  }

  override onClosed(): void {
    this.#stash.clear(this.engine.io);
    super.onClosed();
  }

  /** There is nothing to finish: whoever takes over ends the connection. */
  retire(): void {
    this.retiring = true;
  }

  stop(): void {
    this.engine.io.reset(this);
  }

  protected sayOverloaded(): void {
    this.engine.io.reset(this);
  }

  #handOver({ relayed, length }: ProxyHeader, bytes: Bytes, start: number, end: number): void {
    const { engine, peeks } = this;
    const { address, port } = relayed?.source ?? this;
    if (peeks) engine.io.skip(this, length);
    if (relayed !== undefined) this.destination = relayed.destination;
    this.#stash.clear(engine.io);
    const next = this.#successor(engine, this.key, address, port);
    this.succeed(next);
    if (!peeks && start + length < end && next.fd >= 0) next.onData(bytes, start + length, end);
  }

  /** "Any sequence which does not exactly match the protocol must be discarded and cause the receiver to abort" (section 2.1). */
  #fail(code: FailureCode | ''): void {
    if (code !== '') this.engine.recorder.failure(FAILURE_INDEX[code]);
    this.engine.io.reset(this);
  }
}
