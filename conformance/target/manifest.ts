// The Kubernetes and Gateway API objects that the suites write, short.
import { readFileSync } from 'node:fs';
import type { Certificate } from '../machine/certificate.ts';
import type { Manifest } from './sluice-directory.ts';

const NAMESPACE = 'judged';
const API = 'gateway.networking.k8s.io';
const CLASS: Manifest = {
  apiVersion: `${API}/v1`,
  kind: 'GatewayClass',
  metadata: { name: 'sluice' },
  spec: { controllerName: 'sluice.dev/gateway-controller' },
};

/** The class, and the Gateway `front` with these listeners. */
export function gateway(listeners: readonly object[], more: object = {}): readonly Manifest[] {
  const spec = { gatewayClassName: 'sluice', listeners, ...more };
  return [CLASS, object(`${API}/v1`, 'Gateway', 'front', spec)];
}

export function secret(name: string, { certificate, key }: Certificate): Manifest {
  const base64 = (file: string): string => readFileSync(file).toString('base64');
  return {
    ...object('v1', 'Secret', name, undefined),
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) },
  };
}

/** A ConfigMap with the certificates of an authority. */
export function authorityMap(name: string, certificate: string): Manifest {
  return {
    ...object('v1', 'ConfigMap', name, undefined),
    data: { 'ca.crt': readFileSync(certificate, 'utf8') },
  };
}

/** A Route of any kind to the Service `backend`, attached to the Gateway `front`. `kind` is that of the API, for example HTTPRoute. */
export function route(kind: string, name: string, backend: string, more: RouteParts = {}): Manifest {
  const { listener, hostnames, rule = {} } = more;
  const parent = { name: 'front', ...(listener === undefined ? {} : { sectionName: listener }) };
  const backendRefs = [{ name: backend, port: 80 }];
  const version = kind === 'HTTPRoute' || kind === 'GRPCRoute' ? 'v1' : servedVersion(kind);
  return object(`${API}/${version}`, kind, name, {
    parentRefs: [parent],
    ...(hostnames === undefined ? {} : { hostnames }),
    rules: [{ backendRefs, ...rule }],
  });
}

export interface RouteParts {
  /** Name of the listener; default all. */
  readonly listener?: string;
  readonly hostnames?: readonly string[];
  /** Matches, filters, timeouts. */
  readonly rule?: object;
}

/** A Service and its endpoints: ports of 127.0.0.1. `number` makes its address. */
export function service(
  name: string,
  number: number,
  ports: readonly number[],
  appProtocol?: string,
): readonly Manifest[] {
  const main = { name: 'main', ...(appProtocol === undefined ? {} : { appProtocol }) };
  const slice = (port: number, index: number): Manifest => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${index}`,
      namespace: NAMESPACE,
      labels: { 'kubernetes.io/service-name': name },
    },
    addressType: 'IPv4',
    ports: [{ ...main, port }],
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
  });
  const spec = { clusterIP: `10.96.${number >> 8}.${number & 0xff}`, ports: [{ ...main, port: 80 }] };
  // One slice for each backend: a slice holds one port for all of its addresses.
  return [object('v1', 'Service', name, spec), ...ports.map(slice)];
}

/** How connections to `service` are secured. */
export function backendTls(service: string, validation: object): Manifest {
  return object(`${API}/v1`, 'BackendTLSPolicy', service, {
    targetRefs: [{ group: '', kind: 'Service', name: service }],
    validation,
  });
}

/** TLSRoute is v1 since 1.5 of the Gateway API; TCPRoute and UDPRoute are still alpha. */
function servedVersion(kind: string): string {
  return kind === 'TLSRoute' ? 'v1' : 'v1alpha2';
}

function object(apiVersion: string, kind: string, name: string, spec: object | undefined): Manifest {
  return {
    apiVersion,
    kind,
    metadata: { name, namespace: NAMESPACE },
    ...(spec === undefined ? {} : { spec }),
  };
}
