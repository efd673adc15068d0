// Services as parents of Routes (GEP-1294): connections to the Service's cluster addresses get the Route's rules.
import type { FindingCode } from '#resources/finding-codes';
import type { ParentReference } from '#resources/type/http-route.gen';
import type { Service, ServicePort } from '#resources/type/service.gen';
import type { Rule } from '../model/route.ts';
import type { ServiceFrontend } from '../model/snapshot.ts';
import { isPlainHttp } from './app-protocol.ts';
import { servicePortName } from './cluster-name.ts';
import type { TranslateContext } from './context.ts';
import { isRequestRoute, type RouteObject } from './route-object.ts';
import type { Refusal } from './status.ts';

export interface FrontendState {
  readonly service: Service;
  readonly port: ServicePort;
  readonly rules: Rule[];
}

/** Why a Service cannot be the parent, and the field of the parentRef that says so. */
export interface ParentRefusal extends Refusal {
  readonly field?: string;
  readonly mend?: string;
  /** When the reason alone does not say which. */
  readonly code?: FindingCode;
}

export function isServiceParent({ group, kind }: ParentReference): boolean {
  return (group === '' || group === 'core') && kind === 'Service';
}

/** The Service ports that the parentRef means, or why there are none. */
export function findFrontends(
  route: RouteObject,
  parent: ParentReference,
  context: TranslateContext,
): { service: Service; ports: readonly ServicePort[] } | ParentRefusal {
  if (!isRequestRoute(route)) {
    return {
      reason: 'UnsupportedValue',
      message: `Services take no ${route.kind}s as parents`,
      field: 'kind',
      mend: 'name a Gateway, or write an HTTPRoute or a GRPCRoute',
    };
  }
  const namespace = parent.namespace ?? route.metadata.namespace;
  const service = context.index.service(namespace, parent.name);
  const name = `Service ${namespace}/${parent.name}`;
  if (service === undefined) return noParent(`there is no ${name}`, 'name');
  if (namespace !== route.metadata.namespace) {
    return {
      reason: 'NotAllowedByListeners',
      message: `${name} takes Routes of its own namespace only; Routes of consumers are not served yet`,
      field: 'namespace',
      mend: `move the Route to namespace ${namespace}`,
    };
  }
  if (service.spec?.type === 'ExternalName')
    return noParent(`${name} is an ExternalName and has no address`, 'name');
  if (listClusterAddresses(service).length === 0) {
    return noParent(
      `${name} has no cluster address that clients could connect to`,
      'name',
      'give it a clusterIP',
    );
  }
  const ports = (service.spec?.ports ?? []).filter(
    (port) =>
      port.protocol === 'TCP' &&
      (parent.port === undefined || parent.port === port.port) &&
      (parent.sectionName === undefined || parent.sectionName === port.name),
  );
  if (ports.length === 0) {
    const wanted = [parent.sectionName, parent.port].filter((part) => part !== undefined).join(' ');
    return noParent(`${name} has no TCP port ${wanted}`, parent.port === undefined ? 'sectionName' : 'port');
  }
  // Redirecting a port that speaks something else would break it.
  const spoken = ports.filter(isPlainHttp);
  if (spoken.length === 0) {
    return noParent(
      `${name} speaks ${ports.map(({ appProtocol }) => appProtocol).join(', ')}, not HTTP without TLS`,
      'name',
    );
  }
  return { service, ports: spoken };
}

/** ClusterIPs, IPv4 and IPv6; none for a headless Service. */
export function listClusterAddresses({ spec }: Service): readonly string[] {
  const addresses = spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP]);
  return addresses.filter((address) => address !== '' && address !== 'None');
}

export function frontendModel({ service, port, rules }: FrontendState): ServiceFrontend {
  return {
    name: servicePortName({ service, port }),
    addresses: listClusterAddresses(service),
    port: port.port,
    // Hostnames of Routes do not apply here (GEP-1294): the address says what is meant.
    hosts: [{ hostname: '', rules }],
  };
}

function noParent(message: string, field: string, mend?: string): ParentRefusal {
  return { reason: 'NoMatchingParent', message, field, ...(mend === undefined ? {} : { mend }) };
}
