// Routes of all kinds: attached to their parents, and told so in their status.
//
// A Route that a parent lets in is served. A rule of it that cannot be served answers 500 rather than let its requests fall
// to other rules, which would skip what its filters ask for. "Accepted" is false when no rule at all is served.
import type { ParentReference } from '#resources/type/http-route.gen';
import { sortByAge } from './age.ts';
import { attachToGateway, type Attachment } from './attach-to-gateway.ts';
import { attachToService, listGrpcPorts } from './attach-to-service.ts';
import type { Reach } from './backend-ref.ts';
import { translateConnectionRule } from './connection-rule.ts';
import type { TranslateContext } from './context.ts';
import type { GatewayState } from './gateway.ts';
import { GATEWAY_GROUP, hostnamesOf, isRequestRoute, type RouteObject } from './route-object.ts';
import { reportRefusal, routeConditions } from './route-status.ts';
import { translateRules, type TranslatedRules } from './rule.ts';
import { isServiceParent, type FrontendState } from './service-frontend.ts';
import type { RouteObjectStatus, RouteParentObjectStatus } from './status.ts';

/** Where Routes attach to. */
export interface Parents {
  /** By `namespace/name`. */
  readonly gateways: ReadonlyMap<string, GatewayState>;
  /** By `namespace/service:port`; filled as Routes attach. */
  readonly frontends: Map<string, FrontendState>;
}

/** Attaches all Routes in order of precedence; returns the status of each that has a parent of ours. */
export function attachRoutes(
  routes: readonly RouteObject[],
  parents: Parents,
  context: TranslateContext,
): readonly RouteObjectStatus[] {
  const grpcPorts = listGrpcPorts(routes, context);
  return sortByAge(routes).flatMap((route) => {
    const statuses = attachRoute(route, parents, grpcPorts, context);
    const { namespace, name } = route.metadata;
    return statuses.length === 0
      ? []
      : [{ kind: route.kind, namespace, name, status: { parents: statuses } }];
  });
}

function attachRoute(
  route: RouteObject,
  parents: Parents,
  grpcPorts: ReadonlySet<string>,
  context: TranslateContext,
): readonly RouteParentObjectStatus[] {
  const refs: readonly ParentReference[] = route.spec.parentRefs ?? [];
  if (refs.length === 0) {
    context.report('SLU0208', route, {
      field: 'spec',
      message: 'the Route has no parentRefs: it is attached to nothing',
      mend: 'name a Gateway or a Service in spec.parentRefs',
      level: 'warning',
    });
  }
  const statuses: RouteParentObjectStatus[] = [];
  const places = new Set<string>();
  const rulesFor = rulesByReach(route, context);
  for (const [index, ref] of refs.entries()) {
    const gateway = isGatewayParent(ref) ? findGateway(route, ref, index, parents, context) : undefined;
    const isService = isServiceParent(ref);
    if (gateway === undefined && !isService) {
      reportUnknownKind(route, ref, index, context);
      continue;
    }
    const attachment: Attachment = { route, ref, places, rulesFor };
    const { rules, refusal } =
      gateway === undefined
        ? attachToService(attachment, parents.frontends, grpcPorts, context)
        : attachToGateway(attachment, gateway, context);
    if (refusal !== undefined) reportRefusal(route, index, refusal, context);
    statuses.push({
      parentRef: ref,
      controllerName: context.controllerName,
      conditions: routeConditions(route, rules, refusal),
    });
  }
  if (refs.length > 0 && refs.every(isServiceParent) && hostnamesOf(route).length > 0) {
    context.report('SLU0207', route, {
      field: 'spec.hostnames',
      message: 'hostnames do not apply to a Service as parent',
      mend: 'remove them, or match the Host header',
    });
  }
  return statuses;
}

/** Rules differ by what their connections go through. One that is the same at two parents is one object. */
function rulesByReach(route: RouteObject, context: TranslateContext): (reach: Reach) => TranslatedRules {
  const known = new Map<string, TranslatedRules>();
  return (reach) => {
    const key = JSON.stringify(reach);
    const rules =
      known.get(key) ??
      (isRequestRoute(route)
        ? translateRules(route, reach, context)
        : translateConnectionRule(route, reach, context));
    known.set(key, rules);
    return rules;
  };
}

function isGatewayParent({ group, kind }: ParentReference): boolean {
  return group === GATEWAY_GROUP && kind === 'Gateway';
}

/** Kinds of other groups belong to other controllers. */
function reportUnknownKind(
  route: RouteObject,
  { group, kind }: ParentReference,
  index: number,
  context: TranslateContext,
): void {
  if (group !== GATEWAY_GROUP || kind === 'Gateway') return;
  context.report('SLU0208', route, {
    field: `spec.parentRefs[${index}].kind`,
    message: `${kind} is not served as a parent`,
    mend: 'name a Gateway or a Service',
  });
}

/** Undefined for a Gateway of another controller, and for one that does not exist: neither gets a status from us. */
function findGateway(
  route: RouteObject,
  ref: ParentReference,
  index: number,
  { gateways }: Parents,
  context: TranslateContext,
): GatewayState | undefined {
  const namespace = ref.namespace ?? route.metadata.namespace;
  const gateway = gateways.get(`${namespace}/${ref.name}`);
  if (gateway === undefined && context.index.gateway(namespace, ref.name) === undefined) {
    reportRefusal(
      route,
      index,
      { reason: 'NoMatchingParent', message: `there is no Gateway ${namespace}/${ref.name}`, field: 'name' },
      context,
    );
  }
  return gateway;
}
