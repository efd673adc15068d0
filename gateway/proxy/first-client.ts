// Who has a connection first: what the port's protocol begins with, behind a PROXY protocol header where the port wants one.
import type { Client } from './client.ts';
import type { PortProtocol } from '../model/snapshot.ts';
import type { Engine } from './engine.ts';
import { Downstream } from './http1/downstream.ts';
import { AnnouncedClient, type Successor } from './proxy-protocol/announced-client.ts';
import { StreamClient } from './stream/stream-client.ts';

const http: Successor = (engine, key, address, port) => new Downstream(engine, key, address, port);
const stream: Successor = (engine, key, address, port) => new StreamClient(engine, key, address, port);
const tls: Successor = (engine, key, address, port) => {
  // Such ports are not opened without TLS, and are certainly not served in the clear.
  if (engine.tls === null) throw new Error('no TLS');
  return engine.tls.accept(engine, key, address, port);
};

/** Datagrams make no connection. */
const SUCCESSORS: Readonly<Record<Exclude<PortProtocol, 'UDP'>, Successor>> = {
  HTTP: http,
  HTTPS: tls,
  TLS: tls,
  TCP: stream,
};

/** `key` is that of a scope in force; a connection to one that has just left is HTTP's to turn away. */
export function firstClient(engine: Engine, key: string, address: string, port: number): Client {
  const scope = engine.config.scopes.get(key);
  const protocol = scope?.protocol ?? 'HTTP';
  const successor = protocol === 'UDP' ? http : SUCCESSORS[protocol];
  // TLS looks for its bytes in the kernel, and streams are not read before their backend is there.
  if (scope?.proxyProtocol === true)
    return new AnnouncedClient(successor, protocol !== 'HTTP', engine, key, address, port);
  return successor(engine, key, address, port);
}
