// TLS of one worker: the certificates of the Snapshot in force, the contexts made of them, and the connections made of those.
import { TlsConnection } from '#native/tls/connection';
import type { Cluster } from '../../model/cluster.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Client } from '../client.ts';
import type { ServedListener } from '../compiled-config.ts';
import type { Engine } from '../engine.ts';
import { Downstream } from '../http1/downstream.ts';
import { ServerSession } from '../http2/server-session.ts';
import { StreamClient } from '../stream/stream-client.ts';
import { ClientContexts } from './client-contexts.ts';
import { KnownCertificates } from './known-certificates.ts';
import { ServerContexts } from './server-contexts.ts';
import { TlsAccept, type Acceptor } from './tls-accept.ts';
import type { TlsListener } from './tls-listener.ts';
import type { Tls } from './tls.ts';

/** Offered to clients of HTTPS listeners, best first. */
const PROTOCOLS = ['h2', 'http/1.1'];

export class WorkerTls implements Tls, Acceptor {
  readonly #certificates = new KnownCertificates();
  readonly #servers: ServerContexts;
  readonly #clients = new ClientContexts(this.#certificates);
  #listeners: ReadonlyMap<string, TlsListener> = new Map();

  /** `tickets`: memory of the TicketKeys that all workers share. */
  constructor(tickets: SharedArrayBuffer) {
    this.#servers = new ServerContexts(this.#certificates, tickets, PROTOCOLS);
  }

  apply({ ports, clusters, certificates = [] }: Snapshot): readonly string[] {
    const faults: string[] = [];
    const listeners = ports.flatMap(({ protocol, listeners }) =>
      // One that relays offers no protocol of HTTP, whatever others on the port do.
      listeners.map((listener) => [listener.streams === undefined ? protocol : 'TLS', listener] as const),
    );
    this.#certificates.apply(certificates, faults);
    this.#listeners = this.#servers.apply(listeners, faults);
    this.#clients.apply(clusters, faults);
    return faults;
  }

  accept(engine: Engine, key: string, address: string, port: number): Client {
    return new TlsAccept(this, engine, key, address, port);
  }

  connect(cluster: Cluster['name']): TlsConnection {
    return this.#clients.connect(cluster);
  }

  listener(name: string): TlsListener | undefined {
    return this.#listeners.get(name);
  }

  begin(listener: TlsListener, serverName: string): TlsConnection | undefined {
    const context = listener.contextFor(serverName);
    return context === undefined ? undefined : TlsConnection.accept(context);
  }

  successor(accepting: TlsAccept, served: ServedListener, protocol: string): Client {
    const { engine, key, address, port, serverName } = accepting;
    if (served.relays) return new StreamClient(engine, key, address, port, 'TLS', served, serverName);
    if (protocol === 'h2') return new ServerSession(engine, key, address, port);
    return new Downstream(engine, key, address, port);
  }
}
