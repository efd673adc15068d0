// Everything that users have written, at one moment: what a source hands to translate. Frozen, defaulted, validated.
import type { BackendTLSPolicy } from '../type/backend-tls-policy.gen.ts';
import type { ConfigMap } from '../type/config-map.gen.ts';
import type { EndpointSlice } from '../type/endpoint-slice.gen.ts';
import type { Gateway } from '../type/gateway.gen.ts';
import type { GatewayClass } from '../type/gateway-class.gen.ts';
import type { GRPCRoute } from '../type/grpc-route.gen.ts';
import type { HTTPRoute } from '../type/http-route.gen.ts';
import type { Namespace } from '../type/namespace.gen.ts';
import type { ReferenceGrant } from '../type/reference-grant.gen.ts';
import type { Secret } from '../type/secret.gen.ts';
import type { Service } from '../type/service.gen.ts';
import type { TCPRoute } from '../type/tcp-route.gen.ts';
import type { TLSRoute } from '../type/tls-route.gen.ts';
import type { UDPRoute } from '../type/udp-route.gen.ts';

/** Each list is sorted by namespace, then name. An object that did not change keeps its identity from one to the next. */
export interface Resources {
  readonly gatewayClasses: readonly GatewayClass[];
  readonly gateways: readonly Gateway[];
  readonly httpRoutes: readonly HTTPRoute[];
  readonly grpcRoutes: readonly GRPCRoute[];
  readonly tlsRoutes: readonly TLSRoute[];
  readonly tcpRoutes: readonly TCPRoute[];
  readonly udpRoutes: readonly UDPRoute[];
  readonly backendTlsPolicies: readonly BackendTLSPolicy[];
  readonly referenceGrants: readonly ReferenceGrant[];
  readonly services: readonly Service[];
  readonly endpointSlices: readonly EndpointSlice[];
  readonly secrets: readonly Secret[];
  readonly configMaps: readonly ConfigMap[];
  readonly namespaces: readonly Namespace[];
}

/** Any object that we serve; `kind` tells which. */
export type ResourceObject = Resources[keyof Resources][number];

export type Kind = ResourceObject['kind'];

export const EMPTY_RESOURCES: Resources = Object.freeze({
  gatewayClasses: Object.freeze([]),
  gateways: Object.freeze([]),
  httpRoutes: Object.freeze([]),
  grpcRoutes: Object.freeze([]),
  tlsRoutes: Object.freeze([]),
  tcpRoutes: Object.freeze([]),
  udpRoutes: Object.freeze([]),
  backendTlsPolicies: Object.freeze([]),
  referenceGrants: Object.freeze([]),
  services: Object.freeze([]),
  endpointSlices: Object.freeze([]),
  secrets: Object.freeze([]),
  configMaps: Object.freeze([]),
  namespaces: Object.freeze([]),
});

/** How many objects there are, of all kinds. */
export function countObjects(resources: Resources): number {
  return Object.values(resources).reduce((sum: number, kind: readonly unknown[]) => sum + kind.length, 0);
}
