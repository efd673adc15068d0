// From Services as the gateway knows them to what the datapath is asked to make true: one entry per address and family.
import type { Desired, Service } from '#datapath/desired';
import type { ServiceTarget } from '#gateway/translate/service-targets';

/** Backends are of the family of the address that clients connect to: the datapath translates no families. */
export function composeDesired(revision: number, targets: readonly ServiceTarget[]): Desired {
  const services: Service[] = [];
  for (const { name, addresses, port, transport, endpoints, redirect } of targets)
    for (const address of addresses) {
      const backends = endpoints.filter((endpoint) => familyOf(endpoint.address) === familyOf(address));
      services.push({ name, address, port, transport, backends, redirect });
    }
  return { revision, services };
}

function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}
