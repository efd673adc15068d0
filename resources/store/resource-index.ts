// Resources by key: what references in the API name, found without searching. Pure; built once for each state.
import type { ConfigMap } from '../type/config-map.gen.ts';
import type { EndpointSlice } from '../type/endpoint-slice.gen.ts';
import type { Gateway } from '../type/gateway.gen.ts';
import type { GatewayClass } from '../type/gateway-class.gen.ts';
import type { HTTPRoute } from '../type/http-route.gen.ts';
import type { Namespace } from '../type/namespace.gen.ts';
import type { ReferenceGrant } from '../type/reference-grant.gen.ts';
import type { Secret } from '../type/secret.gen.ts';
import type { Service } from '../type/service.gen.ts';
import type { Resources } from './resources.ts';

/** The label by which an EndpointSlice says whose endpoints it holds (discovery.k8s.io/v1 LabelServiceName). */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

export interface ResourceIndex {
  gatewayClass(name: string): GatewayClass | undefined;
  gateway(namespace: string, name: string): Gateway | undefined;
  httpRoute(namespace: string, name: string): HTTPRoute | undefined;
  service(namespace: string, name: string): Service | undefined;
  secret(namespace: string, name: string): Secret | undefined;
  configMap(namespace: string, name: string): ConfigMap | undefined;
  /** A namespace may be used without an object that describes it: then it has no labels. */
  namespace(name: string): Namespace | undefined;
  /** The slices of a Service, in order of name. */
  endpointSlices(namespace: string, service: string): readonly EndpointSlice[];
  /** The grants that stand in a namespace: those that may allow references into it. */
  referenceGrants(namespace: string): readonly ReferenceGrant[];
}

interface Named {
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

export function indexResources(resources: Resources): ResourceIndex {
  const gatewayClasses = byName(resources.gatewayClasses);
  const gateways = byName(resources.gateways);
  const httpRoutes = byName(resources.httpRoutes);
  const services = byName(resources.services);
  const secrets = byName(resources.secrets);
  const configMaps = byName(resources.configMaps);
  const namespaces = byName(resources.namespaces);
  const slices = Map.groupBy(resources.endpointSlices, (slice) =>
    keyOf(slice.metadata.labels?.[SERVICE_NAME_LABEL] ?? '', slice.metadata.namespace),
  );
  const grants = Map.groupBy(resources.referenceGrants, (grant) => grant.metadata.namespace);
  return {
    gatewayClass: (name) => gatewayClasses.get(keyOf(name)),
    gateway: (namespace, name) => gateways.get(keyOf(name, namespace)),
    httpRoute: (namespace, name) => httpRoutes.get(keyOf(name, namespace)),
    service: (namespace, name) => services.get(keyOf(name, namespace)),
    secret: (namespace, name) => secrets.get(keyOf(name, namespace)),
    configMap: (namespace, name) => configMaps.get(keyOf(name, namespace)),
    namespace: (name) => namespaces.get(keyOf(name)),
    endpointSlices: (namespace, service) => slices.get(keyOf(service, namespace)) ?? [],
    referenceGrants: (namespace) => grants.get(namespace) ?? [],
  };
}

/** What findings and logs call an object: 'HTTPRoute shop/cart', 'GatewayClass sluice'. */
export function objectName(object: Named & { readonly kind: string }): string {
  const { name, namespace } = object.metadata;
  return `${object.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

function byName<T extends Named>(objects: readonly T[]): ReadonlyMap<string, T> {
  return new Map(objects.map((object) => [keyOf(object.metadata.name, object.metadata.namespace), object]));
}

/** Neither part can hold a slash. */
function keyOf(name: string, namespace = ''): string {
  return `${namespace}/${name}`;
}
