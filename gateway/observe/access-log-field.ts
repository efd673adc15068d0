// The fields of an access log line, in their order: docs/reference/access-log.md is generated from this table and a test
// holds the lines to it. Names are Envoy's where the meaning is Envoy's; the operator beside them says which.

export interface AccessLogField {
  readonly name: string;
  readonly type: 'string' | 'integer';
  /** Envoy's command operator of the same meaning, '' when there is none. */
  readonly envoy: string;
  readonly doc: string;
}

const text = (name: string, envoy: string, doc: string): AccessLogField => ({
  name,
  type: 'string',
  envoy,
  doc,
});
const integer = (name: string, envoy: string, doc: string): AccessLogField => ({
  name,
  type: 'integer',
  envoy,
  doc,
});

export const ACCESS_LOG_FIELDS: readonly AccessLogField[] = [
  text(
    'start_time',
    '%START_TIME%',
    'when the first byte of the request arrived: ISO 8601, UTC, milliseconds',
  ),
  text('method', '%REQ(:METHOD)%', 'request method'),
  text('authority', '%REQ(:AUTHORITY)%', 'host that the client asked for, lower case'),
  text(
    'path',
    '%REQ(:PATH)%',
    'path that the client asked for; without the query unless asked for: it may hold secrets',
  ),
  text('protocol', '%PROTOCOL%', 'protocol of the request, `HTTP/1.1`'),
  integer('response_code', '%RESPONSE_CODE%', 'status sent to the client; 0 when none was sent'),
  text('response_flags', '%RESPONSE_FLAGS%', 'Envoy response flag of the failure, `-` for none'),
  text('failure', '', 'failure code, see [failures](failures.md); empty when the request succeeded'),
  integer('bytes_received', '', 'bytes read from the client for this request, head and body'),
  integer('bytes_sent', '', 'bytes written to the client for this request, head and body'),
  integer(
    'duration_us',
    '%DURATION%',
    'microseconds from the first byte of the request to the last byte of the answer',
  ),
  integer(
    'upstream_duration_us',
    '',
    'microseconds from sending to the endpoint until its response head; 0 without one',
  ),
  text('request_id', '%REQ(X-REQUEST-ID)%', 'X-Request-Id of the request; empty without one'),
  text('listener', '', 'Listener `namespace/gateway/listener`, or Service `namespace/service:port`'),
  text('route_name', '%ROUTE_NAME%', 'HTTPRoute `namespace/name`; empty when none matched'),
  text('rule', '', 'name of the rule, or its index in the Route'),
  text('upstream_cluster', '%UPSTREAM_CLUSTER%', 'Cluster `namespace/service:port`'),
  text('upstream_host', '%UPSTREAM_HOST%', 'Endpoint `address:port` that got the request'),
  text(
    'downstream_remote_address',
    '%DOWNSTREAM_REMOTE_ADDRESS%',
    'client `address:port`; with --trusted-hops the address that the outermost trusted proxy saw',
  ),
];
