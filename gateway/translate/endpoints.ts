// EndpointSlices -> the addresses that serve a Service port, by the rules of kube-proxy.
import { SERVICE_NAME_LABEL } from '#resources/store/resource-index';
import type { Endpoint as SliceEndpoint, EndpointSlice } from '#resources/type/endpoint-slice.gen';
import type { Service, ServicePort } from '#resources/type/service.gen';
import type { Cluster, Endpoint } from '../model/cluster.ts';
import { clusterName } from './cluster-name.ts';
import type { ClusterSource, TranslateContext } from './context.ts';
import { proxyProtocolOf } from './proxy-protocol.ts';

/** A slice that holds endpoints of the port: the port's name is the link between Service and slice. */
interface PortSlice {
  readonly slice: EndpointSlice;
  readonly port: number;
}

/**
 * Endpoints of both families, without repetition, in order of address. Ready ones; when there are none, those that are
 * terminating but still serve (KEP-1669). Of each endpoint the first address: all of them lead to the same backend.
 */
export function listEndpoints(
  service: Service,
  port: ServicePort,
  context: TranslateContext,
): readonly Endpoint[] {
  return pick(listPortSlices(service, port, context));
}

/**
 * What the proxy balances over: endpoints of the Service's first family that has any, since a dual-stack backend stands in
 * slices of both. A Service without ipFamilies has them all.
 */
export function compileCluster(source: ClusterSource, context: TranslateContext): Cluster {
  const { service, port, protocol, tls } = source;
  reportSlices(source, context);
  const slices = listPortSlices(service, port, context);
  const families = service.spec?.ipFamilies ?? [];
  const byFamily = families.map((family) => pick(slices.filter(({ slice }) => slice.addressType === family)));
  const endpoints = byFamily.find((list) => list.length > 0) ?? pick(slices);
  const name = clusterName(source);
  if (endpoints.length === 0) {
    context.report('SLU0219', service, {
      message: `port ${port.port} has no ready endpoint: requests for it get 503`,
    });
  }
  const proxyProtocol = protocol === 'udp' ? undefined : proxyProtocolOf(service, context);
  return {
    name,
    endpoints,
    ...(protocol === 'http2' ? { protocol } : {}),
    ...(tls === undefined ? {} : { tls }),
    ...(proxyProtocol === undefined ? {} : { proxyProtocol }),
  };
}

function listPortSlices(service: Service, port: ServicePort, context: TranslateContext): PortSlice[] {
  const { namespace, name } = service.metadata;
  return context.index.endpointSlices(namespace, name).flatMap((slice): PortSlice[] => {
    if (slice.addressType === 'FQDN') return [];
    const own = findPort(slice, port);
    // A slice port without number stands for all ports: then the Service's own target counts.
    const number = own?.port ?? (own === undefined ? undefined : numericTarget(port));
    return number === undefined ? [] : [{ slice, port: number }];
  });
}

function findPort(slice: EndpointSlice, port: ServicePort): EndpointSlice['ports'][number] | undefined {
  return slice.ports.find((own) => own.name === (port.name ?? '') && own.protocol === port.protocol);
}

function numericTarget({ port, targetPort = port }: ServicePort): number | undefined {
  return typeof targetPort === 'number' ? targetPort : undefined;
}

function pick(slices: readonly PortSlice[]): Endpoint[] {
  const all = slices.flatMap(({ slice, port }) => slice.endpoints.map((endpoint) => ({ endpoint, port })));
  const ready = all.filter(({ endpoint }) => isReady(endpoint));
  const chosen = ready.length > 0 ? ready : all.filter(({ endpoint }) => isServingToTheEnd(endpoint));
  const endpoints = new Map<string, Endpoint>();
  for (const { endpoint, port } of chosen) {
    const [address] = endpoint.addresses;
    if (address !== undefined) endpoints.set(`${address} ${port}`, { address, port });
  }
  return [...endpoints].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
}

/** Not known counts as ready (discovery.k8s.io/v1 EndpointConditions.ready). */
function isReady({ conditions }: SliceEndpoint): boolean {
  return conditions.ready ?? true;
}

function isServingToTheEnd({ conditions }: SliceEndpoint): boolean {
  return conditions.serving === true && conditions.terminating === true;
}

/** Slices that look meant for the port and are not used: a frequent slip when they are written by hand. */
function reportSlices({ service, port }: ClusterSource, context: TranslateContext): void {
  const { namespace, name } = service.metadata;
  const all = context.index.endpointSlices(namespace, name);
  const slices = all.filter(({ addressType }) => addressType !== 'FQDN');
  for (const slice of all) {
    if (slices.includes(slice)) continue;
    context.report('SLU0220', slice, {
      field: 'addressType',
      message: 'endpoints that are names are not served',
      mend: 'write IPv4 or IPv6 addresses',
    });
  }
  if (slices.some((slice) => findPort(slice, port) !== undefined)) return;
  for (const slice of slices) {
    context.report('SLU0220', slice, {
      field: 'ports',
      message: `no port is named ${JSON.stringify(port.name ?? '')}, as port ${port.port} of Service ${namespace}/${name} is`,
      mend: `give the port of the slice the name of the Service's port (the label ${SERVICE_NAME_LABEL} joins the two)`,
    });
  }
}
