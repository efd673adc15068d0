// What the route table and the filters may see of a request: strings, read lazily by the engine that holds the bytes.

export interface RequestView {
  /** As sent: methods are case-sensitive (RFC 9110 section 9.1). */
  readonly method: string;
  /** Lower case, without port and trailing dot; '' when the request has no Host (HTTP/1.0). */
  readonly host: string;
  /** Normalised, without query; starts with '/', except for `OPTIONS *`. */
  readonly path: string;
  /** Without '?'; '' for none. */
  readonly query: string;
  /** The field's values joined by ',' (RFC 9110 section 5.3), or undefined. `name` is lower case. */
  header(name: string): string | undefined;
}
