// Where requests go: a Cluster is a named set of Endpoints that may answer for one BackendRef.

/** One address that accepts connections. `address` is a literal IPv4 or IPv6 address, never a name. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** What the endpoints speak. `http2` is without upgrade: by ALPN over TLS, by prior knowledge without. */
export type ClusterProtocol = 'http1' | 'http2';

/** A name that an endpoint's certificate may carry (BackendTLSPolicy subjectAltNames, RFC 5280 section 4.2.1.6). */
export interface SubjectAltName {
  readonly kind: 'dns' | 'uri';
  readonly value: string;
}

/** How connections to the endpoints are secured (BackendTLSPolicy). */
export interface ClusterTls {
  /** Sent as SNI, and to be found in the certificate unless `subjectAltNames` says otherwise. */
  readonly serverName: string;
  /** PEM certificates that are trusted; '' for the system's. */
  readonly roots: string;
  /** One of them must be in the certificate; when empty, `serverName`. */
  readonly subjectAltNames: readonly SubjectAltName[];
  /** Name in `Snapshot.certificates` of what we show when asked. */
  readonly certificate?: string;
}

/**
 * A set of Endpoints, named `namespace/service:port` and, where one Service is spoken to in several ways, the way behind it.
 * No endpoints means every request gets 503.
 */
export interface Cluster {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  /** `http1` when left out. */
  readonly protocol?: ClusterProtocol;
  readonly tls?: ClusterTls;
  /** Connections begin with a PROXY protocol header of this version. */
  readonly proxyProtocol?: 1 | 2;
}
