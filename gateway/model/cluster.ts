// Where requests go: a Cluster is a named set of Endpoints that may answer for one BackendRef.

/** One address that accepts connections. `address` is a literal IPv4 or IPv6 address, never a name. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** A set of Endpoints, named `namespace/service:port`. No endpoints means every request gets 503. */
export interface Cluster {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
}
