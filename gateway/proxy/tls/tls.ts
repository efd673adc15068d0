// TLS as the engine sees it, on both sides. The engine on node:net has none.
import type { Cluster } from '../../model/cluster.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Secure } from '../channel.ts';
import type { Client } from '../client.ts';
import type { Engine } from '../engine.ts';

export interface Tls {
  /** Takes over a Snapshot and says what of it cannot be served as it is wanted. */
  apply(snapshot: Snapshot): readonly string[];
  /** The first to have a connection that came to an HTTPS or a TLS port. */
  accept(engine: Engine, key: string, address: string, port: number): Client;
  /** The TLS of a new connection to an endpoint of a Cluster. @throws with the reason when there can be none */
  connect(cluster: Cluster['name']): Secure;
}
