// BackendRef -> WeightedBackend. One that cannot be resolved keeps its share and answers 500, or in TLS, TCP and UDP refuses the
// connection (HTTPRouteRule.backendRefs and its like).
import type { FindingCode } from '#resources/finding-codes';
import type { Service, ServicePort } from '#resources/type/service.gen';
import type { TCPRoute } from '#resources/type/tcp-route.gen';
import type { FailureCode } from '../model/failure.ts';
import type { WeightedBackend } from '../model/route.ts';
import { chooseProtocol } from './app-protocol.ts';
import { findPolicy } from './backend-tls-policy.ts';
import { clusterName } from './cluster-name.ts';
import type { ClusterSource, PolicyState, TranslateContext } from './context.ts';
import { mayRefer } from './reference-grant.ts';
import { isRequestRoute, type RouteObject } from './route-object.ts';
import type { Refusal } from './status.ts';

/** What all kinds of Routes write. */
type BackendRef = TCPRoute['spec']['rules'][number]['backendRefs'][number];

/** Through what the connections of a Route go. */
export interface Reach {
  /**
   * Whether refs to other namespaces need a ReferenceGrant. Those of Routes attached to a Service do not (GEP-1294): they
   * open nothing that was closed.
   */
  readonly needsGrant: boolean;
  /** Name in the Snapshot of what the Gateway shows to backends that are reached by TLS. */
  readonly certificate: string | undefined;
  /** The clients' own TLS is passed on, so ours has no place. */
  readonly passthrough: boolean;
}

export interface ResolvedBackend {
  /** Without the backend's filters. */
  readonly backend: WeightedBackend;
  /** For the condition ResolvedRefs; reported already. */
  readonly refusal: Refusal | undefined;
  /** Of the Service that it refers to. */
  readonly policy: PolicyState | undefined;
}

interface Problem {
  readonly code: FindingCode;
  readonly failure: FailureCode;
  readonly reason: string;
  readonly field: string;
  readonly message: string;
  readonly mend?: string;
}

interface Target {
  readonly service: Service;
  readonly port: ServicePort;
}

/** `field` is the path of the ref in the Route. */
export function resolveBackend(
  route: RouteObject,
  ref: BackendRef,
  field: string,
  reach: Reach,
  context: TranslateContext,
): ResolvedBackend {
  const { weight } = ref;
  const target = findTarget(route, ref, reach.needsGrant, context);
  const policy =
    'failure' in target || !mayReencrypt(route, reach)
      ? undefined
      : findPolicy(target.service, target.port, context);
  const found = 'failure' in target ? target : chooseWay(route, target, policy, reach);
  if ('failure' in found) {
    const { code, failure, reason, message, mend } = found;
    context.report(code, route, {
      field: `${field}.${found.field}`,
      message,
      ...(mend === undefined ? {} : { mend }),
    });
    const refusal = { reason, message: `${field}: ${message}` };
    return { backend: { weight, failure, filters: [] }, refusal, policy };
  }
  const cluster = clusterName(found);
  context.clusters.set(cluster, found);
  return { backend: { weight, cluster, filters: [] }, refusal: undefined, policy };
}

/** Connections that are ours from end to end: the API has BackendTLSPolicy for these (BackendTLSPolicySpec.targetRefs). */
function mayReencrypt(route: RouteObject, { passthrough }: Reach): boolean {
  return isRequestRoute(route) || (route.kind === 'TLSRoute' && !passthrough);
}

function chooseWay(
  route: RouteObject,
  { service, port }: Target,
  policy: PolicyState | undefined,
  { certificate }: Reach,
): ClusterSource | Problem {
  const name = `port ${port.port} of Service ${service.metadata.namespace}/${service.metadata.name}`;
  if (policy !== undefined && policy.tls === undefined) {
    const { namespace, name: policyName } = policy.policy.metadata;
    return {
      code: 'SLU0228',
      failure: 'BACKEND_TLS_INVALID',
      reason: 'BackendTLSPolicyInvalid',
      field: 'name',
      message: `BackendTLSPolicy ${namespace}/${policyName} asks for TLS to ${name} and cannot be met`,
    };
  }
  const tls = policy?.tls;
  const secured = tls === undefined ? {} : { tls: certificate === undefined ? tls : { ...tls, certificate } };
  if (!isRequestRoute(route)) {
    const protocol = route.kind === 'UDPRoute' ? 'udp' : 'tcp';
    return { service, port, protocol, ...secured };
  }
  const chosen = chooseProtocol(route.kind, port, tls !== undefined);
  if ('protocol' in chosen) return { service, port, protocol: chosen.protocol, ...secured };
  return {
    code: 'SLU0218',
    failure: 'BACKEND_PROTOCOL_UNSUPPORTED',
    reason: 'UnsupportedProtocol',
    field: 'port',
    message: `${name} ${chosen.message}`,
  };
}

function findTarget(
  route: RouteObject,
  ref: BackendRef,
  needsGrant: boolean,
  context: TranslateContext,
): Target | Problem {
  const { group, kind, name, port: number } = ref;
  const namespace = ref.namespace ?? route.metadata.namespace;
  if (group !== '' || kind !== 'Service') {
    return wrongKind('kind', `${kind}${group === '' ? '' : ` of group ${group}`} is not served as a backend`);
  }
  // Before looking: whether a Service exists elsewhere is nobody's business without a grant.
  if (needsGrant && !mayRefer(route, { group, kind, namespace, name }, context)) {
    return {
      code: 'SLU0217',
      failure: 'BACKEND_NOT_PERMITTED',
      reason: 'RefNotPermitted',
      field: 'namespace',
      message: `no ReferenceGrant in namespace ${namespace} lets ${route.kind}s of ${route.metadata.namespace} refer to Service ${name}`,
    };
  }
  const service = context.index.service(namespace, name);
  if (service === undefined) return notFound('name', `there is no Service ${namespace}/${name}`);
  if (service.spec?.type === 'ExternalName') {
    return wrongKind('name', `Service ${namespace}/${name} is an ExternalName, which could lead anywhere`);
  }
  if (number === undefined) return notFound('port', 'a Service needs a port', 'add the port');
  const transport = route.kind === 'UDPRoute' ? 'UDP' : 'TCP';
  const ports = service.spec?.ports ?? [];
  const port = ports.find((one) => one.port === number && one.protocol === transport);
  if (port === undefined) {
    const known = ports.map((one) => `${one.port}${one.protocol === 'TCP' ? '' : `/${one.protocol}`}`);
    return notFound(
      'port',
      `Service ${namespace}/${name} has no ${transport} port ${number}`,
      `write one of its ports: ${known.join(', ') || 'it has none'}`,
    );
  }
  return { service, port };
}

function wrongKind(field: string, message: string): Problem {
  return { code: 'SLU0215', failure: 'BACKEND_INVALID_KIND', reason: 'InvalidKind', field, message };
}

function notFound(field: string, message: string, mend?: string): Problem {
  const problem = {
    code: 'SLU0216',
    failure: 'BACKEND_NOT_FOUND',
    reason: 'BackendNotFound',
    field,
    message,
  } as const;
  return mend === undefined ? problem : { ...problem, mend };
}
