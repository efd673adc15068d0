// HTTPRoutes: attached to their parents, rule by rule, and told so in their status.
//
// A Route that a parent lets in is served. A rule of it that cannot be served answers 500 rather than let its requests fall
// to other rules, which would skip what its filters ask for. "Accepted" is false when no rule at all is served.
import type { HTTPRoute, ParentReference } from '#resources/type/http-route.gen';
import { keyOf, sortByAge } from './age.ts';
import { clusterName } from './backend-ref.ts';
import type { TranslateContext } from './context.ts';
import { findListeners } from './gateway-parent.ts';
import type { GatewayState } from './gateway.ts';
import { translateRules, type TranslatedRules } from './rule.ts';
import {
  findFrontends,
  isServiceParent,
  type FrontendState,
  type ParentRefusal,
} from './service-frontend.ts';
import { isAccepted, reportRefusal, routeConditions } from './route-status.ts';
import type { HTTPRouteObjectStatus, RouteParentObjectStatus } from './status.ts';

const GATEWAY_GROUP = 'gateway.networking.k8s.io';

/** Where Routes attach to. */
export interface Parents {
  /** By `namespace/name`. */
  readonly gateways: ReadonlyMap<string, GatewayState>;
  /** By `namespace/service:port`; filled as Routes attach. */
  readonly frontends: Map<string, FrontendState>;
}

interface Attachment {
  readonly route: HTTPRoute;
  readonly ref: ParentReference;
  readonly rules: TranslatedRules;
  /** Where the Route is already: it may name a Listener, and the Gateway that this is a part of. */
  readonly places: Set<string>;
}

/** Attaches all Routes in order of precedence; returns the status of each that has a parent of ours. */
export function attachRoutes(
  routes: readonly HTTPRoute[],
  parents: Parents,
  context: TranslateContext,
): readonly HTTPRouteObjectStatus[] {
  return sortByAge(routes).flatMap((route) => {
    const statuses = attachRoute(route, parents, context);
    const { namespace, name } = route.metadata;
    return statuses.length === 0
      ? []
      : [{ kind: 'HTTPRoute', namespace, name, status: { parents: statuses } }];
  });
}

function attachRoute(
  route: HTTPRoute,
  parents: Parents,
  context: TranslateContext,
): readonly RouteParentObjectStatus[] {
  const refs = route.spec.parentRefs ?? [];
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
  // Rules differ by kind of parent in one thing only: whether refs across namespaces need a grant.
  const rulesOf = new Map<boolean, TranslatedRules>();
  const rulesFor = (needsGrant: boolean): TranslatedRules => {
    const known = rulesOf.get(needsGrant) ?? translateRules(route, needsGrant, context);
    rulesOf.set(needsGrant, known);
    return known;
  };
  for (const [index, ref] of refs.entries()) {
    const gateway = isGatewayParent(ref) ? findGateway(route, ref, index, parents, context) : undefined;
    const isService = isServiceParent(ref);
    if (gateway === undefined && !isService) {
      reportUnknownKind(route, ref, index, context);
      continue;
    }
    const rules = rulesFor(!isService);
    const attachment = { route, ref, rules, places };
    const refusal =
      gateway === undefined
        ? attachToService(attachment, parents, context)
        : attachToGateway(attachment, gateway, context);
    if (refusal !== undefined) reportRefusal(route, index, refusal, context);
    statuses.push({
      parentRef: ref,
      controllerName: context.controllerName,
      conditions: routeConditions(route, rules, refusal),
    });
  }
  if (refs.length > 0 && refs.every(isServiceParent) && (route.spec.hostnames ?? []).length > 0) {
    context.report('SLU0207', route, {
      field: 'spec.hostnames',
      message: 'hostnames do not apply to a Service as parent',
      mend: 'remove them, or match the Host header',
    });
  }
  return statuses;
}

function attachToGateway(
  { route, ref, rules, places }: Attachment,
  gateway: GatewayState,
  context: TranslateContext,
): ParentRefusal | undefined {
  const found = findListeners(route, ref, gateway, context);
  if ('reason' in found) return found;
  for (const { listener, hostnames } of found) {
    if (isAccepted(rules)) listener.attached.add(keyOf(route));
    // Without a rule the Route has no say: its hostnames must not hide those of others.
    if (places.has(listener.name) || rules.rules.length === 0) continue;
    places.add(listener.name);
    for (const hostname of hostnames) {
      const own = listener.hosts.get(hostname) ?? [];
      own.push(...rules.rules);
      listener.hosts.set(hostname, own);
    }
  }
  return undefined;
}

function attachToService(
  { route, ref, rules, places }: Attachment,
  parents: Parents,
  context: TranslateContext,
): ParentRefusal | undefined {
  const found = findFrontends(route, ref, context);
  if ('reason' in found) return found;
  const { service, ports } = found;
  for (const port of ports) {
    const name = clusterName({ service, port });
    const frontend = parents.frontends.get(name) ?? { service, port, rules: [] };
    parents.frontends.set(name, frontend);
    if (!places.has(name)) frontend.rules.push(...rules.rules);
    places.add(name);
  }
  return undefined;
}

function isGatewayParent({ group, kind }: ParentReference): boolean {
  return group === GATEWAY_GROUP && kind === 'Gateway';
}

/** Kinds of other groups belong to other controllers. */
function reportUnknownKind(
  route: HTTPRoute,
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
  route: HTTPRoute,
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
