// Gateway API resources -> Snapshot: what to serve, what is wrong, and what to say in each object's status. Pure.
//
//   GatewayClass ─► class ─► gateway ─► listener ─┐
//                                                 ├─► http-route ─► rule ─► match, filter, backend-ref ─► Snapshot
//   Service ─────────────► service-frontend ──────┘                                     │
//   EndpointSlice ─────────────────────────────────────────────────► endpoints ◄────────┘
//
// Where the API leaves a choice, or something is not served, the file of that step says what happens. In general: what is
// valid is served whatever stands beside it, and what cannot be served answers with an error rather than be ignored.
import type { Finding } from '#resources/finding';
import type { Resources } from '#resources/store/resources';
import type { Port, Snapshot } from '../model/snapshot.ts';
import type { VirtualHost } from '../model/route.ts';
import { proveRegex, type RegexRefusal } from '../route/regex.ts';
import { keyOf } from './age.ts';
import { acceptClasses } from './class.ts';
import { createContext } from './context.ts';
import { compileCluster } from './endpoints.ts';
import { deepFreeze } from './freeze.ts';
import { gatewayStatus, isServed, translateGateways } from './gateway.ts';
import { attachRoutes } from './http-route.ts';
import { listenerModel, type ListenerState } from './listener.ts';
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
  const context = createContext(resources, options.controllerName, options.proveRegex ?? proveRegex);
  const classes = acceptClasses(resources.gatewayClasses, options.impliedClass, context);
  const gateways = translateGateways(resources.gateways, classes, context);
  const parents = {
    gateways: new Map(gateways.map((state) => [keyOf(state.gateway), state])),
    frontends: new Map<string, FrontendState>(),
  };
  const routeStatuses = attachRoutes(resources.httpRoutes, parents, context);
  const listeners = gateways
    .filter(isServed)
    .flatMap((state) => state.listeners)
    .filter(({ refusal }) => refusal === undefined);
  const ports = listPorts(listeners);
  const services = [...parents.frontends.values()]
    .map(frontendModel)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const hosts = [...ports.flatMap((port) => port.listeners), ...services].flatMap((owner) => owner.hosts);
  const clusters = listClusters(hosts).flatMap((name) => {
    const source = context.clusters.get(name);
    return source === undefined ? [] : [compileCluster(source, context)];
  });
  return {
    snapshot: deepFreeze({ revision: options.previousRevision + 1, ports, services, clusters }),
    findings: context.findings(),
    statuses: [...classes.statuses, ...gateways.map(gatewayStatus), ...routeStatuses],
  };
}

function listPorts(listeners: readonly ListenerState[]): Port[] {
  return [...Map.groupBy(listeners, ({ spec }) => spec.port)]
    .sort(([a], [b]) => a - b)
    .map(([port, own]) => ({ port, protocol: 'HTTP', listeners: own.map(listenerModel) }));
}

/** Names of the Clusters that rules send to. */
function listClusters(hosts: readonly VirtualHost[]): string[] {
  const backends = hosts.flatMap(({ rules }) => rules.flatMap((rule) => rule.backends));
  return [...new Set(backends.flatMap(({ cluster }) => cluster ?? []))].sort();
}
