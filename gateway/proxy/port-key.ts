// The places where the proxy listens: a TCP and a UDP port of the same number are two. Configuration and people name them by
// text; sockets and the messages about them have one number per place.
import type { PortProtocol } from '../model/snapshot.ts';

export type Transport = 'tcp' | 'udp';

/** Places of UDP follow those of TCP. */
const UDP = 65_536;

export function transportOf(protocol: PortProtocol): Transport {
  return protocol === 'UDP' ? 'udp' : 'tcp';
}

/** `tcp 80`, `udp 53`: the scope of a port. */
export function portKey(transport: Transport, port: number): string {
  return `${transport} ${port}`;
}

/** As people read it: `80`, `53/udp`. */
export function portName(transport: Transport, port: number): string {
  return transport === 'udp' ? `${port}/udp` : String(port);
}

/** A TCP port is its own number. */
export function placeOf(transport: Transport, port: number): number {
  return transport === 'udp' ? UDP + port : port;
}

export function portOf(place: number): { readonly transport: Transport; readonly port: number } {
  return place < UDP ? { transport: 'tcp', port: place } : { transport: 'udp', port: place - UDP };
}
