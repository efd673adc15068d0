// The kinds of Routes, and what they have in common.
import type { GRPCRoute } from '#resources/type/grpc-route.gen';
import type { HTTPRoute } from '#resources/type/http-route.gen';
import type { TCPRoute } from '#resources/type/tcp-route.gen';
import type { TLSRoute } from '#resources/type/tls-route.gen';
import type { UDPRoute } from '#resources/type/udp-route.gen';

export const GATEWAY_GROUP = 'gateway.networking.k8s.io';

/** Routes that look at requests. */
export type RequestRoute = HTTPRoute | GRPCRoute;
/** Routes of connections, in which no request is looked at. */
export type ConnectionRoute = TLSRoute | TCPRoute | UDPRoute;
export type RouteObject = RequestRoute | ConnectionRoute;
export type RouteKind = RouteObject['kind'];

/** As written; TCPRoutes and UDPRoutes have none. */
export function hostnamesOf(route: RouteObject): readonly string[] {
  return 'hostnames' in route.spec ? (route.spec.hostnames ?? []) : [];
}

export function isRequestRoute(route: RouteObject): route is RequestRoute {
  return route.kind === 'HTTPRoute' || route.kind === 'GRPCRoute';
}
