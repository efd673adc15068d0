// Every way a request can fail, in one table: it drives status, response flag, retry rule, log field, metric and docs page.
// Flags are Envoy's, so that dashboards and habits carry over.

/** Whose fault it was. */
type FailureSource = 'downstream' | 'upstream' | 'internal';

/** May the request be sent again? `if-reused`: only when the connection had served a request before (RFC 9112 section 9.3.1). */
type RetryRule = 'no' | 'yes' | 'if-reused';

export interface Failure {
  readonly source: FailureSource;
  readonly retry: RetryRule;
  /** HTTP status of the local answer; 0 when nothing can be answered any more. */
  readonly status: number;
  /** gRPC status code, as in google.golang.org/grpc/codes. A backendRef that is not valid is UNAVAILABLE (GRPCRouteRule). */
  readonly grpc: number;
  /** Envoy response flag, '-' for none. */
  readonly flag: string;
  /** What happened, for the log and the docs. */
  readonly text: string;
  /** What to do about it. */
  readonly hint: string;
}

const down = (status: number, grpc: number, flag: string, text: string, hint: string): Failure => ({
  source: 'downstream',
  retry: 'no',
  status,
  grpc,
  flag,
  text,
  hint,
});
const up = (
  retry: RetryRule,
  status: number,
  grpc: number,
  flag: string,
  text: string,
  hint: string,
): Failure => ({
  source: 'upstream',
  retry,
  status,
  grpc,
  flag,
  text,
  hint,
});
const internal = (status: number, grpc: number, flag: string, text: string, hint: string): Failure => ({
  source: 'internal',
  retry: 'no',
  status,
  grpc,
  flag,
  text,
  hint,
});

export type FailureCode =
  | 'BAD_REQUEST'
  | 'BAD_HOST'
  | 'HEAD_TOO_LARGE'
  | 'BODY_TOO_LARGE'
  | 'VERSION_UNSUPPORTED'
  | 'NOT_HTTP'
  | 'UPGRADE_REFUSED'
  | 'EXPECTATION_FAILED'
  | 'HEAD_TIMEOUT'
  | 'BODY_TIMEOUT'
  | 'CLIENT_GONE'
  | 'MISDIRECTED'
  | 'TLS_HANDSHAKE'
  | 'NO_ROUTE'
  | 'NO_BACKEND'
  | 'BACKEND_NOT_FOUND'
  | 'BACKEND_NOT_PERMITTED'
  | 'BACKEND_INVALID_KIND'
  | 'BACKEND_TLS_INVALID'
  | 'NO_ENDPOINT'
  | 'CONNECT_FAILED'
  | 'CONNECT_TIMEOUT'
  | 'UPSTREAM_TLS'
  | 'POOL_FULL'
  | 'UPSTREAM_RESET'
  | 'UPSTREAM_PROTOCOL'
  | 'UPSTREAM_TRUNCATED'
  | 'UPSTREAM_TIMEOUT'
  | 'OVERLOADED'
  | 'INTERNAL'
  | 'RULE_UNSUPPORTED'
  | 'BACKEND_PROTOCOL_UNSUPPORTED'
  | 'STOPPED'
  | 'PROXY_HEADER_INVALID'
  | 'SESSION_DISPLACED';

export const FAILURES: Readonly<Record<FailureCode, Failure>> = {
  BAD_REQUEST: down(
    400,
    13,
    'DPE',
    'the request is not valid HTTP/1.1',
    'see the detail: it names the rule of RFC 9112 that was broken',
  ),
  BAD_HOST: down(
    400,
    13,
    'DPE',
    'the Host header is missing, doubled or malformed',
    'send exactly one Host header (RFC 9112 section 3.2)',
  ),
  HEAD_TOO_LARGE: down(
    431,
    8,
    'DPE',
    'the request head is larger than the limit',
    'send fewer or shorter headers, or raise --max-head-bytes',
  ),
  BODY_TOO_LARGE: down(
    413,
    8,
    'DPE',
    'the body of the request is larger than the limit',
    'send less at once, or raise --max-body-bytes',
  ),
  VERSION_UNSUPPORTED: down(505, 12, 'DPE', 'the HTTP version is not 1.0 or 1.1', 'use HTTP/1.1'),
  NOT_HTTP: down(
    0,
    13,
    'DPE',
    'the connection speaks another protocol than HTTP',
    'look at the client: nothing it sent names HTTP, so it was closed without an answer',
  ),
  UPGRADE_REFUSED: down(
    501,
    12,
    'DPE',
    'protocol upgrades are not served',
    'send the request without Upgrade',
  ),
  EXPECTATION_FAILED: down(
    417,
    12,
    'DPE',
    'the Expect header asks for something else than 100-continue',
    'remove the Expect header',
  ),
  HEAD_TIMEOUT: down(
    408,
    4,
    'DT',
    'the request head did not arrive in time',
    'send the whole head within --head-timeout',
  ),
  BODY_TIMEOUT: down(408, 4, 'DT', 'the request body stopped arriving', 'keep sending within --idle-timeout'),
  CLIENT_GONE: down(
    0,
    1,
    'DC',
    'the client closed the connection before the answer was complete',
    'look at the client',
  ),
  MISDIRECTED: down(
    421,
    9,
    'DPE',
    'the request asks for a host of another Listener than its TLS connection',
    'open a connection of its own to the host, with its name as the server name',
  ),
  TLS_HANDSHAKE: down(
    0,
    14,
    'DPE',
    'the TLS handshake failed, or no Listener has the server name that was asked for',
    'look at the client: server name, versions, client certificate; and at the certificates of the Listener',
  ),
  NO_ROUTE: internal(
    404,
    12,
    'NR',
    'no Route matches host, path, method and headers',
    'run: sluice analyze, and compare hostnames and matches',
  ),
  NO_BACKEND: internal(
    500,
    14,
    'NC',
    'the rule has no backend with a weight above zero',
    'give the rule a backendRef',
  ),
  BACKEND_NOT_FOUND: internal(
    500,
    14,
    'NC',
    'the backendRef names a Service or port that does not exist',
    'create it or mend the reference',
  ),
  BACKEND_NOT_PERMITTED: internal(
    500,
    14,
    'NC',
    'the backendRef crosses namespaces without a ReferenceGrant',
    'add a ReferenceGrant in the namespace of the Service',
  ),
  BACKEND_INVALID_KIND: internal(
    500,
    14,
    'NC',
    'the backendRef is of a kind that is not served',
    'refer to a Service',
  ),
  BACKEND_TLS_INVALID: internal(
    500,
    14,
    'NC',
    'the BackendTLSPolicy of the Service cannot be met, so nothing is sent to it',
    'run: sluice analyze, and mend what it says about the BackendTLSPolicy',
  ),
  NO_ENDPOINT: up('no', 503, 14, 'UH', 'the Service has no ready endpoint', 'look at its EndpointSlices'),
  CONNECT_FAILED: up(
    'yes',
    503,
    14,
    'UF',
    'the endpoint refused the connection',
    'look at the backend at that address',
  ),
  CONNECT_TIMEOUT: up(
    'yes',
    503,
    14,
    'UF,URX',
    'the endpoint did not accept the connection in time',
    'look at the network and --connect-timeout',
  ),
  UPSTREAM_TLS: up(
    'yes',
    503,
    14,
    'UF',
    'the TLS handshake with the endpoint failed, or its certificate is not the wanted one',
    'the detail says why; look at the BackendTLSPolicy and the certificate of the backend',
  ),
  POOL_FULL: up(
    'no',
    503,
    8,
    'UO',
    'the limit of connections to the Cluster is reached',
    'raise --max-connections or add endpoints',
  ),
  UPSTREAM_RESET: up(
    'if-reused',
    502,
    14,
    'UC',
    'the backend closed the connection before it answered',
    'look at the backend',
  ),
  UPSTREAM_PROTOCOL: up(
    'no',
    502,
    13,
    'UPE',
    'the backend answered with something that is not valid HTTP/1.1',
    'look at the backend; the detail names the rule',
  ),
  UPSTREAM_TRUNCATED: up(
    'no',
    0,
    14,
    'UC',
    'the backend closed the connection in the middle of its answer',
    'look at the backend',
  ),
  UPSTREAM_TIMEOUT: up(
    'no',
    504,
    4,
    'UT',
    'the backend did not answer in time',
    'look at the backend and --response-timeout',
  ),
  OVERLOADED: internal(
    503,
    8,
    'OM',
    'the limit of client connections is reached',
    'raise --max-clients or add nodes',
  ),
  INTERNAL: internal(500, 13, '-', 'a defect of the proxy', 'report it with the log line'),
  RULE_UNSUPPORTED: internal(
    500,
    13,
    'NC',
    'the rule asks for something that is not served',
    'run: sluice analyze, and mend what it says about the Route',
  ),
  BACKEND_PROTOCOL_UNSUPPORTED: internal(
    500,
    14,
    'NC',
    'the Service port speaks a protocol that is not served',
    'name a port that speaks what the Route needs, or correct its appProtocol',
  ),
  STOPPED: internal(
    503,
    14,
    '-',
    'the proxy was stopped before the answer came',
    'send the request again; give the stop more time with --drain-timeout',
  ),
  PROXY_HEADER_INVALID: down(
    0,
    13,
    'DPE',
    'the connection does not begin with a valid PROXY protocol header',
    'connect through a proxy that sends one, or serve the port without the PROXY protocol',
  ),
  SESSION_DISPLACED: internal(
    0,
    8,
    'OM',
    'the limit of UDP sessions is reached and this one was silent for longest',
    'raise --max-sessions or lower --session-timeout',
  ),
};
