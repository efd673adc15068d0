// A Route at a Service (GEP-1294): its rules go to the ports that the parentRef means. A port takes Routes of one kind only, and
// GRPCRoutes go before HTTPRoutes, whichever is older.
import type { ParentReference } from '#resources/type/http-route.gen';
import type { Service } from '#resources/type/service.gen';
import type { Attached, Attachment } from './attach-to-gateway.ts';
import { servicePortName } from './cluster-name.ts';
import type { TranslateContext } from './context.ts';
import type { RouteObject } from './route-object.ts';
import { findFrontends, isServiceParent, type FrontendState } from './service-frontend.ts';

const REACH = { needsGrant: false, certificate: undefined, passthrough: false } as const;

/** `grpcPorts`: see listGrpcPorts. `frontends` is filled. */
export function attachToService(
  { route, ref, places, rulesFor }: Attachment,
  frontends: Map<string, FrontendState>,
  grpcPorts: ReadonlySet<string>,
  context: TranslateContext,
): Attached {
  const rules = rulesFor(REACH);
  const found = findFrontends(route, ref, context);
  if ('reason' in found) return { rules, refusal: found };
  const { service, ports } = found;
  const free = ports.filter(
    (port) => route.kind === 'GRPCRoute' || !grpcPorts.has(servicePortName({ service, port })),
  );
  if (free.length < ports.length) {
    const taken = ports.filter((port) => !free.includes(port)).map(({ port }) => port);
    const message = `port ${taken.join(', ')} of Service ${service.metadata.namespace}/${service.metadata.name} has a GRPCRoute, which goes before HTTPRoutes`;
    if (free.length === 0) return { rules, refusal: { reason: 'Conflicted', message } };
    context.report('SLU0229', route, { field: 'spec.parentRefs', message, level: 'warning' });
  }
  for (const port of free) {
    const name = servicePortName({ service, port });
    const frontend = frontends.get(name) ?? { service, port, rules: [] };
    frontends.set(name, frontend);
    if (!places.has(name)) frontend.rules.push(...rules.rules);
    places.add(name);
  }
  for (const { ancestors } of rules.policies) ancestors.set(...ancestorOf(service));
  return { rules, refusal: undefined };
}

/** Service ports, as `namespace/service:port`, that a GRPCRoute is attached to. */
export function listGrpcPorts(
  routes: readonly RouteObject[],
  context: TranslateContext,
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const route of routes.filter(({ kind }) => kind === 'GRPCRoute')) {
    for (const parent of (route.spec.parentRefs ?? []).filter(isServiceParent)) {
      const found = findFrontends(route, parent, context);
      if ('reason' in found) continue;
      for (const port of found.ports) names.add(servicePortName({ service: found.service, port }));
    }
  }
  return names;
}

/** The Service, as the status of a policy names it. */
function ancestorOf({ metadata: { namespace, name } }: Service): [string, ParentReference] {
  return [`Service ${namespace}/${name}`, { group: '', kind: 'Service', namespace, name }];
}
