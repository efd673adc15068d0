// BackendRef -> WeightedBackend. One that cannot be resolved keeps its share and answers 500 (HTTPRouteRule.backendRefs).
import type { FindingCode } from '#resources/finding-codes';
import type { BackendRef, HTTPRoute } from '#resources/type/http-route.gen';
import type { ServicePort } from '#resources/type/service.gen';
import type { FailureCode } from '../model/failure.ts';
import type { WeightedBackend } from '../model/route.ts';
import type { ClusterSource, TranslateContext } from './context.ts';
import { mayReferToService } from './reference-grant.ts';
import type { Refusal } from './status.ts';

/** Values of appProtocol that an HTTP/1.1 client cannot speak (KEP-3726 and common practice). All others are served. */
const FOREIGN_PROTOCOLS: ReadonlySet<string> = new Set([
  'grpc',
  'grpcs',
  'h2c',
  'http2',
  'https',
  'kubernetes.io/h2c',
  'kubernetes.io/wss',
  'tls',
]);

export interface ResolvedBackend {
  /** Without the backend's filters. */
  readonly backend: WeightedBackend;
  /** For the condition ResolvedRefs; reported already. */
  readonly refusal: Refusal | undefined;
}

interface Problem {
  readonly code: FindingCode;
  readonly failure: FailureCode;
  readonly reason: string;
  readonly field: string;
  readonly message: string;
  readonly mend?: string;
}

/**
 * `field` is the path of the ref in the Route. Routes attached to a Service may send to any namespace without a
 * ReferenceGrant (GEP-1294): they open nothing that was closed.
 */
export function resolveBackend(
  route: HTTPRoute,
  ref: BackendRef,
  field: string,
  needsGrant: boolean,
  context: TranslateContext,
): ResolvedBackend {
  const { weight } = ref;
  const found = findTarget(route, ref, needsGrant, context);
  if ('failure' in found) {
    const { code, failure, reason, message, mend } = found;
    context.report(code, route, {
      field: `${field}.${found.field}`,
      message,
      ...(mend === undefined ? {} : { mend }),
    });
    return {
      backend: { weight, failure, filters: [] },
      refusal: { reason, message: `${field}: ${message}` },
    };
  }
  const cluster = clusterName(found);
  context.clusters.set(cluster, found);
  return { backend: { weight, cluster, filters: [] }, refusal: undefined };
}

/** `namespace/service:port`. */
export function clusterName({ service: { metadata }, port }: ClusterSource): string {
  return `${metadata.namespace}/${metadata.name}:${port.port}`;
}

/** Whether the port says that it speaks something else than HTTP/1.1. */
export function isForeignProtocol({ appProtocol }: ServicePort): boolean {
  return appProtocol !== undefined && FOREIGN_PROTOCOLS.has(appProtocol.toLowerCase());
}

function findTarget(
  route: HTTPRoute,
  ref: BackendRef,
  needsGrant: boolean,
  context: TranslateContext,
): ClusterSource | Problem {
  const { group, kind, name, port: number } = ref;
  const namespace = ref.namespace ?? route.metadata.namespace;
  if (group !== '' || kind !== 'Service') {
    return wrongKind('kind', `${kind}${group === '' ? '' : ` of group ${group}`} is not served as a backend`);
  }
  // Before looking: whether a Service exists elsewhere is nobody's business without a grant.
  if (needsGrant && !mayReferToService(route, namespace, name, context)) {
    return {
      code: 'SLU0217',
      failure: 'BACKEND_NOT_PERMITTED',
      reason: 'RefNotPermitted',
      field: 'namespace',
      message: `no ReferenceGrant in namespace ${namespace} lets HTTPRoutes of ${route.metadata.namespace} refer to Service ${name}`,
    };
  }
  const service = context.index.service(namespace, name);
  if (service === undefined) return notFound('name', `there is no Service ${namespace}/${name}`);
  if (service.spec?.type === 'ExternalName') {
    return wrongKind('name', `Service ${namespace}/${name} is an ExternalName, which could lead anywhere`);
  }
  if (number === undefined) return notFound('port', 'a Service needs a port', 'add the port');
  const ports = service.spec?.ports ?? [];
  const port = ports.find((one) => one.port === number && one.protocol === 'TCP');
  if (port === undefined) {
    const known = ports.map((one) => `${one.port}${one.protocol === 'TCP' ? '' : `/${one.protocol}`}`);
    return notFound(
      'port',
      `Service ${namespace}/${name} has no TCP port ${number}`,
      `write one of its ports: ${known.join(', ') || 'it has none'}`,
    );
  }
  if (isForeignProtocol(port)) {
    return {
      code: 'SLU0218',
      failure: 'BACKEND_PROTOCOL_UNSUPPORTED',
      reason: 'UnsupportedProtocol',
      field: 'port',
      message: `port ${number} of Service ${namespace}/${name} speaks ${port.appProtocol ?? ''}`,
    };
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
