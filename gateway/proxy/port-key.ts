// The places where the proxy listens, by name: a TCP and a UDP port of the same number are two.
import type { PortProtocol } from '../model/snapshot.ts';

export type Transport = 'tcp' | 'udp';

/** `tcp 80`, `udp 53`. */
export type PortKey = `${Transport} ${number}`;

export function transportOf(protocol: PortProtocol): Transport {
  return protocol === 'UDP' ? 'udp' : 'tcp';
}

export function portKey(transport: Transport, port: number): PortKey {
  return `${transport} ${port}`;
}
