// A Route's rules as plain frozen data, in the words of the Gateway API (HTTPRoute v1).
import type { FailureCode } from './failure.ts';

export type PathMatch =
  | { readonly kind: 'exact'; readonly value: string }
  /** Matches whole path elements: /a matches /a and /a/b, not /ab. `value` carries no trailing slash, except '/'. */
  | { readonly kind: 'prefix'; readonly value: string }
  /** RE2-compatible, matches the whole path, proven to run in linear time when it was translated. */
  | { readonly kind: 'regex'; readonly value: string }
  /** Paths of two elements whose last is `value`: a gRPC method of any service. Weaker than every other prefix but '/'. */
  | { readonly kind: 'method'; readonly value: string };

/** `name` is lower case for headers and case-sensitive for query parameters. */
export type ValueMatch =
  | { readonly kind: 'exact'; readonly name: string; readonly value: string }
  | { readonly kind: 'regex'; readonly name: string; readonly value: string };

/** All parts must hold. */
export interface Match {
  readonly path: PathMatch;
  readonly method?: string;
  readonly headers: readonly ValueMatch[];
  readonly query: readonly ValueMatch[];
}

export interface HeaderEdit {
  readonly name: string;
  readonly value: string;
}

/** Applied in the order set, add, remove (GEP-1323 leaves the order open; names never repeat between them). */
export interface HeaderModifier {
  readonly set: readonly HeaderEdit[];
  readonly add: readonly HeaderEdit[];
  readonly remove: readonly string[];
}

export type PathRewrite =
  | { readonly kind: 'full'; readonly value: string }
  /** Replaces the matched prefix; only valid beside a prefix match. */
  | { readonly kind: 'prefix'; readonly match: string; readonly value: string };

export type Filter =
  | ({ readonly kind: 'request-headers' } & HeaderModifier)
  | ({ readonly kind: 'response-headers' } & HeaderModifier)
  | {
      readonly kind: 'redirect';
      readonly status: 301 | 302 | 303 | 307 | 308;
      readonly scheme?: 'http' | 'https';
      readonly hostname?: string;
      readonly port?: number;
      readonly path?: PathRewrite;
    }
  | { readonly kind: 'rewrite'; readonly hostname?: string; readonly path?: PathRewrite };

/** A share of a rule's traffic. A backend that could not be resolved keeps its share and answers `failure`. */
export interface WeightedBackend {
  readonly weight: number;
  readonly cluster?: string;
  readonly failure?: FailureCode;
  readonly filters: readonly Filter[];
}

/** One rule of one Route. `matches` is never empty. */
export interface Rule {
  /** `namespace/name`. */
  readonly route: string;
  /** HTTPRoute when left out. */
  readonly kind?: 'GRPCRoute';
  /** Index of the rule in its Route, and its name if it has one. */
  readonly index: number;
  readonly name?: string;
  readonly matches: readonly Match[];
  readonly filters: readonly Filter[];
  /** Weights may all be zero: then the rule answers 500 (HTTPRoute backendRefs). */
  readonly backends: readonly WeightedBackend[];
}

/** Hostname as in the API: exact, `*.suffix`, or '' for any. Lower case. */
export interface VirtualHost {
  readonly hostname: string;
  /** Already in precedence order: (oldest Route first, then name), rules in the order written. */
  readonly rules: readonly Rule[];
}

/** Connections of a TLSRoute, TCPRoute or UDPRoute: no request is looked at. */
export interface StreamRoute {
  /** `namespace/name`. */
  readonly route: string;
  readonly kind: 'TLSRoute' | 'TCPRoute' | 'UDPRoute';
  /** Names in the ClientHello, exact or `*.suffix`; empty for any. */
  readonly hostnames: readonly string[];
  readonly backends: readonly WeightedBackend[];
}
