// A proof shows, before any load, that a proxy does the work of a scenario as agreed: what its client gets and what its origin sees.
import { isIP } from 'node:net';
import type { Certificate } from '../machine/certificate.ts';
import type { FrontPorts } from '../proxy/proxy.ts';
import type { Inspector, SeenRequest } from './inspector.ts';

export interface Front {
  readonly ports: FrontPorts;
  readonly certificate: Certificate;
  /** What the proxy has for origins. */
  readonly inspector: Inspector;
}

/** Rejects with what differs from what was agreed, or when the signal ends it. */
export type Proof = (front: Front, signal: AbortSignal) => Promise<void>;

export function expectThat(what: string, actual: unknown, wanted: string | number | boolean): void {
  if (actual !== wanted) throw new Error(`${what} was ${String(actual)}, not ${String(wanted)}`);
}

export function expectBytes(what: string, actual: Buffer, wanted: Buffer): void {
  if (actual.equals(wanted)) return;
  throw new Error(
    `${what} was not as sent: ${actual.length} bytes where ${wanted.length} were sent, or other ones`,
  );
}

/** Each request has the client's address for the origin, which is what a gateway adds at least. Returns what was seen. */
export function expectSeen(inspector: Inspector, count: number): readonly SeenRequest[] {
  expectThat('requests that reached the origin', inspector.seen.length, count);
  for (const { headers } of inspector.seen) {
    const forwarded = String(headers['x-forwarded-for']);
    // Envoy gives the address of the node for a client on loopback.
    if (isIP(forwarded) === 0)
      throw new Error(`x-forwarded-for was '${forwarded}': the comparison would not be fair`);
  }
  return inspector.seen;
}
