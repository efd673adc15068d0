// What a Service port says that it speaks (appProtocol: KEP-3726, GEP-1911, and names in common use).
import type { ServicePort } from '#resources/type/service.gen';
import type { ClusterProtocol } from '../model/cluster.ts';
import type { RequestRoute } from './route-object.ts';

interface Spoken {
  /** Undefined: whichever version of HTTP the Route needs. */
  readonly version: ClusterProtocol | undefined;
  /** It expects TLS, which takes a BackendTLSPolicy. */
  readonly tls: boolean;
}

const SPOKEN: ReadonlyMap<string, Spoken> = new Map<string, Spoken>([
  ['', { version: undefined, tls: false }],
  ['http', { version: undefined, tls: false }],
  ['kubernetes.io/ws', { version: 'http1', tls: false }],
  ['ws', { version: 'http1', tls: false }],
  ['kubernetes.io/h2c', { version: 'http2', tls: false }],
  ['h2c', { version: 'http2', tls: false }],
  ['http2', { version: 'http2', tls: false }],
  ['grpc', { version: 'http2', tls: false }],
  ['https', { version: undefined, tls: true }],
  ['kubernetes.io/wss', { version: 'http1', tls: true }],
  ['wss', { version: 'http1', tls: true }],
  ['grpcs', { version: 'http2', tls: true }],
]);

/** How a Route that looks at requests speaks to the port, or why it cannot. */
export function chooseProtocol(
  kind: RequestRoute['kind'],
  port: ServicePort,
  hasTls: boolean,
): { protocol: ClusterProtocol } | { message: string } {
  const spoken = spokenBy(port);
  const name = port.appProtocol ?? '';
  if (spoken === undefined || (kind === 'GRPCRoute' && spoken.version === 'http1'))
    return { message: `speaks ${name}, not ${kind === 'GRPCRoute' ? 'HTTP/2' : 'HTTP'}` };
  if (spoken.tls && !hasTls) return { message: `speaks ${name}, which takes a BackendTLSPolicy` };
  return { protocol: spoken.version ?? (kind === 'GRPCRoute' ? 'http2' : 'http1') };
}

/** Whether requests of its clients can be looked at: HTTP of any version, without TLS. */
export function isPlainHttp(port: ServicePort): boolean {
  return spokenBy(port)?.tls === false;
}

function spokenBy({ appProtocol = '' }: ServicePort): Spoken | undefined {
  return SPOKEN.get(appProtocol.toLowerCase());
}
