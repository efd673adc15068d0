// Names of Service ports, and of the Clusters that are made of them.
import type { Service, ServicePort } from '#resources/type/service.gen';
import type { ClusterSource } from './context.ts';

/** `namespace/service:port`. */
export function servicePortName({
  service: { metadata },
  port,
}: {
  readonly service: Service;
  readonly port: ServicePort;
}): string {
  return `${metadata.namespace}/${metadata.name}:${port.port}`;
}

/**
 * The same, and how it is spoken to unless that is plain HTTP/1.1: `shop/cart:80`, `shop/cart:80/http2`,
 * `shop/cart:443/http1+tls(shop/client)`. A Service that starts to be spoken to in another way is another Cluster: no
 * connection is used again that was made in the old way.
 */
export function clusterName(source: ClusterSource): string {
  const { protocol, tls } = source;
  const name = servicePortName(source);
  if (tls === undefined) return protocol === 'http1' ? name : `${name}/${protocol}`;
  return `${name}/${protocol}+tls${tls.certificate === undefined ? '' : `(${tls.certificate})`}`;
}
