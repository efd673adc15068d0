// Every Service that clients can connect to, for the datapath: where its connections go, or that the proxy takes them.
import type { Resources } from '#resources/store/resources';
import type { Endpoint } from '../model/cluster.ts';
import { servicePortName } from './cluster-name.ts';
import { createContext, type TranslateContext } from './context.ts';
import { listEndpoints } from './endpoints.ts';
import { findFrontends, isServiceParent, listClusterAddresses } from './service-frontend.ts';

export interface ServiceTarget {
  /** `namespace/service:port`. */
  readonly name: string;
  /** Cluster addresses, literal IPv4 and IPv6. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly transport: 'tcp' | 'udp';
  /** Of both families; none means that connecting is refused. */
  readonly endpoints: readonly Endpoint[];
  /** An HTTPRoute or GRPCRoute is attached to this port: the proxy takes its connections. */
  readonly redirect: boolean;
}

/** One for each TCP and UDP port of each Service with a cluster address, in order of namespace, name and port as written. */
export function listServiceTargets(resources: Resources): readonly ServiceTarget[] {
  const context = createContext(resources, '', () => undefined);
  const redirected = listRedirected(resources, context);
  return resources.services.flatMap((service) => {
    const addresses = service.spec?.type === 'ExternalName' ? [] : listClusterAddresses(service);
    if (addresses.length === 0) return [];
    return (service.spec?.ports ?? []).flatMap((port): ServiceTarget[] => {
      const { protocol } = port;
      if (protocol !== 'TCP' && protocol !== 'UDP') return [];
      const name = servicePortName({ service, port });
      return [
        {
          name,
          addresses,
          port: port.port,
          transport: protocol === 'TCP' ? 'tcp' : 'udp',
          endpoints: listEndpoints(service, port, context),
          redirect: protocol === 'TCP' && redirected.has(name),
        },
      ];
    });
  });
}

/** The same Service ports that `translate` makes ServiceFrontends of. */
function listRedirected(resources: Resources, context: TranslateContext): ReadonlySet<string> {
  const names = new Set<string>();
  for (const route of [...resources.httpRoutes, ...resources.grpcRoutes]) {
    for (const parent of (route.spec.parentRefs ?? []).filter(isServiceParent)) {
      const found = findFrontends(route, parent, context);
      if ('reason' in found) continue;
      for (const port of found.ports) names.add(servicePortName({ service: found.service, port }));
    }
  }
  return names;
}
