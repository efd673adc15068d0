// Tells a backend whose connection it gets, where its Cluster wants to hear that (section 2).
import type { Channel, Io } from '../channel.ts';
import type { Client } from '../client.ts';
import { LONGEST_HEADER, writeProxyHeader } from './write-header.ts';

/**
 * Writes the header; to be called before anything else is written to `backend`, which may still be connecting. Chains of
 * proxies keep the first one's word: what the client's connection was announced with is announced again.
 */
export function announceClient(io: Io, client: Client, backend: Channel, version: 1 | 2): void {
  const source = { address: client.address, port: client.port };
  const destination = client.destination ?? io.localAddress(client);
  const bytes = io.allocate(LONGEST_HEADER);
  const length = writeProxyHeader(version, { source, destination }, bytes.buffer);
  // Before TLS, in the clear: what is written goes through it.
  if (backend.secure !== null)
    backend.secure.preface = { buffer: bytes.buffer.subarray(0, length), address: bytes.address };
  else io.write(backend, bytes, 0, length);
}
