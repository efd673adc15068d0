// Gateway API resources -> Snapshot: what to serve, what is wrong, and what to say in each object's status. Pure.
//
//   Secret, ConfigMap ──► certificate-ref, trust-ref
//                                   ▼
//   GatewayClass ─► class ─► gateway ─► listener ─┐
//                                                 ├─► attach-routes ─► rule ─► match, filter, backend-ref ─► Snapshot
//   Service ─────────────► service-frontend ──────┘                                          │  ▲
//   EndpointSlice ──────────────────────────────────────────────────────► endpoints ◄────────┘  └── backend-tls-policy
//
// Where the API leaves a choice, or something is not served, the file of that step says what happens. In general: what is
// valid is served whatever stands beside it, and what cannot be served answers with an error rather than be ignored.
import type { Finding } from '#resources/finding';
import type { Resources } from '#resources/store/resources';
import type { Cluster } from '../model/cluster.ts';
import type { Certificate, Port, PortProtocol, ServiceFrontend, Snapshot } from '../model/snapshot.ts';
import { proveRegex, type RegexRefusal } from '../route/regex.ts';
import { keyOf } from './age.ts';
import { attachRoutes } from './attach-routes.ts';
import { translatePolicies } from './backend-tls-policy.ts';
import { acceptClasses } from './class.ts';
import { createContext, type TranslateContext } from './context.ts';
import { compileCluster } from './endpoints.ts';
import { deepFreeze } from './freeze.ts';
import { gatewayStatus, isServed, translateGateways } from './gateway.ts';
import { hasPlace, isUsable, listenerModel, type ListenerState } from './listener.ts';
import { requiresProxyProtocol } from './proxy-protocol.ts';
import { frontendModel, type FrontendState } from './service-frontend.ts';
import type { ObjectStatus } from './status.ts';

export interface TranslateOptions {
  /** GatewayClasses with this controllerName are ours. */
  readonly controllerName: string;
  /** Revision of the Snapshot before; the new one has the next. */
  readonly previousRevision: number;
  /** In standalone mode: the name of a GatewayClass that need not be written. */
  readonly impliedClass?: string;
  /** Undefined when a regular expression may be used. Default: proven by V8's linear engine, see route/regex.ts. */
  readonly proveRegex?: (source: string) => RegexRefusal | undefined;
  /** Milliseconds since 1970: certificates that are not valid then are told of. Without, their dates are not looked at. */
  readonly now?: number;
}

export interface Translation {
  /** Frozen and structured-cloneable. */
  readonly snapshot: Snapshot;
  /** With object and field; the source knows the file and line. */
  readonly findings: readonly Finding[];
  /** Of every object of ours. Programmed is Unknown where it depends on the data plane: see markProgrammed. */
  readonly statuses: readonly ObjectStatus[];
}

export function translate(resources: Resources, options: TranslateOptions): Translation {
  const context = createContext(
    resources,
    options.controllerName,
    options.proveRegex ?? proveRegex,
    options.now,
  );
  const policyStatuses = translatePolicies(resources.backendTlsPolicies, context);
  const classes = acceptClasses(resources.gatewayClasses, options.impliedClass, context);
  const gateways = translateGateways(resources.gateways, classes, context);
  const parents = {
    gateways: new Map(gateways.map((state) => [keyOf(state.gateway), state])),
    frontends: new Map<string, FrontendState>(),
  };
  const { httpRoutes, grpcRoutes, tlsRoutes, tcpRoutes, udpRoutes } = resources;
  const routes = [...httpRoutes, ...grpcRoutes, ...tlsRoutes, ...tcpRoutes, ...udpRoutes];
  const routeStatuses = attachRoutes(routes, parents, context);
  const listeners = gateways.filter(isServed).flatMap((state) => state.listeners);
  const ports = listPorts(listeners.filter(hasPlace), context);
  const services = [...parents.frontends.values()]
    .map(frontendModel)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const clusters = listClusters(ports, services).flatMap((name) => {
    const source = context.clusters.get(name);
    return source === undefined ? [] : [compileCluster(source, context)];
  });
  const certificates = listCertificates(ports, clusters, context);
  return {
    snapshot: deepFreeze({
      revision: options.previousRevision + 1,
      ports,
      services,
      clusters,
      ...(certificates.length === 0 ? {} : { certificates }),
    }),
    findings: context.findings(),
    statuses: [...classes.statuses, ...gateways.map(gatewayStatus), ...routeStatuses, ...policyStatuses()],
  };
}

/** TCP before UDP where both have one number. A port is not opened when there is not even a bad certificate to show on it. */
function listPorts(listeners: readonly ListenerState[], context: TranslateContext): Port[] {
  const byPort = Map.groupBy(listeners, ({ spec }) => (spec.protocol === 'UDP' ? -spec.port : spec.port));
  return [...byPort.values()]
    .filter((own) => own.some((one) => isUsable(one) || (one.tls?.certificates.length ?? 0) > 0))
    .map((own) => makePort(own, context))
    .sort((a, b) => a.port - b.port || (a.protocol === 'UDP' ? 1 : -1));
}

function makePort(own: readonly ListenerState[], context: TranslateContext): Port {
  const protocols = own.map(({ spec }) => spec.protocol as PortProtocol);
  const [first] = own;
  const protocol = protocols.includes('HTTPS') ? 'HTTPS' : (protocols[0] ?? 'HTTP');
  const headed = protocol !== 'UDP' && first !== undefined && requiresProxyProtocol(first.gateway, context);
  return {
    port: first?.spec.port ?? 0,
    protocol,
    listeners: own.map(listenerModel),
    ...(headed ? { proxyProtocol: true } : {}),
  };
}

/** Names of the Clusters that Routes send to. */
function listClusters(ports: readonly Port[], services: readonly ServiceFrontend[]): string[] {
  const listeners = ports.flatMap((port) => port.listeners);
  const hosts = [...listeners, ...services].flatMap((owner) => owner.hosts);
  const rules = hosts.flatMap((host) => host.rules);
  const streams = listeners.flatMap((listener) => listener.streams ?? []);
  const backends = [...rules, ...streams].flatMap((one) => one.backends);
  return [...new Set(backends.flatMap(({ cluster }) => cluster ?? []))].sort();
}

/** Those that listeners and Clusters name, in order of name. */
function listCertificates(
  ports: readonly Port[],
  clusters: readonly Cluster[],
  context: TranslateContext,
): Certificate[] {
  const listeners = ports.flatMap((port) => port.listeners);
  const names = [
    ...listeners.flatMap(({ tls }) => tls?.certificates ?? []),
    ...clusters.flatMap(({ tls }) => tls?.certificate ?? []),
  ];
  return [...new Set(names)].sort().flatMap((name) => context.certificates.get(name) ?? []);
}
