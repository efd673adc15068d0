// Desired Services -> the entries of one revision's hash (bpf/include/sluice/service.h). Pure.
//
//   Service 10.96.0.1:80/tcp with two backends  ->  slot 0 { count 2, balance }, slot 1 { backend }, slot 2 { backend }
import type { Desired, Transport } from '../desired.ts';
import {
  SERVICE_ENTRY_SIZE,
  SERVICE_KEY_SIZE,
  SERVICE_KIND,
  writeServiceEntry,
  writeServiceKey,
} from '../layout.gen.ts';
import type { PlanError } from './plan-error.ts';
import { checkServices, type Place } from './validate.ts';

/** Numbers of the IANA protocol registry. */
const PROTOCOL: Readonly<Record<Transport, number>> = { tcp: 6, udp: 17 };
const NOWHERE: Place = { address: new Uint8Array(16), port: 0 };

/** Packed as the batch update takes them: `count` keys and `count` values, one behind the other. */
export interface Entries {
  readonly keys: Buffer;
  readonly values: Buffer;
  readonly count: number;
}

export type ServicePlan =
  | { readonly kind: 'entries'; readonly entries: Entries }
  | { readonly kind: 'refused'; readonly errors: readonly PlanError[] };

/** All Services or none: a state with one error in it is not half applied. */
export function planServices(desired: Desired): ServicePlan {
  const { services, errors } = checkServices(desired.services);
  if (errors.length > 0) return { kind: 'refused', errors };
  // The kernel does not balance what it redirects: the proxy picks the endpoint.
  const slots = services.reduce(
    (sum, service) => sum + 1 + (service.redirect ? 0 : service.backends.length),
    0,
  );
  const keys = Buffer.alloc(slots * SERVICE_KEY_SIZE);
  const values = Buffer.alloc(slots * SERVICE_ENTRY_SIZE);
  let at = 0;
  for (const service of services) {
    const backends = service.redirect ? [] : service.backends;
    const protocol = PROTOCOL[service.transport];
    const kind = service.redirect ? SERVICE_KIND.SERVICE_REDIRECT : SERVICE_KIND.SERVICE_BALANCE;
    for (let slot = 0; slot <= backends.length; slot++) {
      writeServiceKey(keys, at * SERVICE_KEY_SIZE, { service: service.place, protocol, slot });
      writeServiceEntry(
        values,
        at * SERVICE_ENTRY_SIZE,
        slot === 0
          ? { backend: NOWHERE, count: backends.length, kind }
          : { backend: backends[slot - 1] ?? NOWHERE, count: 0, kind },
      );
      at++;
    }
  }
  return { kind: 'entries', entries: { keys, values, count: slots } };
}
