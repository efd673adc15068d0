// A Route at a Gateway: its rules go to every Listener that takes it.
//
// HTTPRoutes and GRPCRoutes do not share a hostname of a Listener: the older holds it, the other is refused there (GRPCRoute
// spec.hostnames). Of TCPRoutes and UDPRoutes on one Listener the oldest gets all connections, though all of them are accepted
// (GEP-2644); so it is with TLSRoutes and the names they have in common.
import type { ParentReference } from '#resources/type/http-route.gen';
import { keyOf } from './age.ts';
import type { Reach } from './backend-ref.ts';
import type { TranslateContext } from './context.ts';
import { findListeners, type ListenerAttachment } from './gateway-parent.ts';
import type { GatewayState } from './gateway.ts';
import { intersectHostnames } from './hostname.ts';
import type { ListenerState } from './listener.ts';
import {
  GATEWAY_GROUP,
  isRequestRoute,
  type ConnectionRoute,
  type RequestRoute,
  type RouteObject,
} from './route-object.ts';
import { isAccepted } from './route-status.ts';
import type { TranslatedRules } from './rule.ts';
import type { ParentRefusal } from './service-frontend.ts';

/** A Route and one of its parentRefs. */
export interface Attachment {
  readonly route: RouteObject;
  readonly ref: ParentReference;
  /** Where the Route is already: it may name a Listener, and the Gateway that this is a part of. */
  readonly places: Set<string>;
  readonly rulesFor: (reach: Reach) => TranslatedRules;
}

export interface Attached {
  readonly rules: TranslatedRules;
  readonly refusal: ParentRefusal | undefined;
}

export function attachToGateway(
  attachment: Attachment,
  gateway: GatewayState,
  context: TranslateContext,
): Attached {
  const { route, ref } = attachment;
  const found = findListeners(route, ref, gateway, context);
  const reachOf = (listener?: ListenerState): Reach => ({
    needsGrant: true,
    certificate: gateway.certificate,
    passthrough: listener?.tls?.mode === 'passthrough',
  });
  if ('reason' in found) return { rules: attachment.rulesFor(reachOf()), refusal: found };
  const refusals: ParentRefusal[] = [];
  for (const one of found) {
    const rules = attachment.rulesFor(reachOf(one.listener));
    const refusal = isRequestRoute(route)
      ? attachRequests(route, one, rules, attachment.places)
      : attachConnections(route, one, rules, attachment.places, context);
    if (refusal !== undefined) refusals.push(refusal);
    else for (const { ancestors } of rules.policies) ancestors.set(...ancestorOf(gateway));
  }
  const rules = attachment.rulesFor(reachOf(found[0]?.listener));
  const [refusal] = refusals;
  if (refusal === undefined || refusals.length === found.length) return { rules, refusal };
  // Accepted by some of them: the others are told of all the same.
  for (const { message } of refusals)
    context.report('SLU0229', route, { field: 'spec.hostnames', message, level: 'warning' });
  return { rules, refusal: undefined };
}

function attachRequests(
  route: RequestRoute,
  { listener, hostnames }: ListenerAttachment,
  rules: TranslatedRules,
  places: Set<string>,
): ParentRefusal | undefined {
  const kind = route.kind === 'GRPCRoute' ? 'HTTPRoute' : 'GRPCRoute';
  const hostname = [...listener.hostsOf[kind]].find((theirs) =>
    hostnames.some((own) => intersectHostnames(own, theirs) !== undefined),
  );
  if (hostname !== undefined) {
    const host = hostname === '' ? 'all hostnames' : `hostname ${hostname}`;
    return {
      reason: 'Conflicted',
      message: `listener ${listener.name} has an older ${kind} for ${host}, and requests of one host go to Routes of one kind`,
    };
  }
  if (isAccepted(rules)) listener.attached.add(`${route.kind} ${keyOf(route)}`);
  // Without a rule the Route has no say: its hostnames must not hide those of others.
  if (places.has(listener.name) || rules.rules.length === 0) return undefined;
  places.add(listener.name);
  for (const hostname of hostnames) {
    const own = listener.hosts.get(hostname) ?? [];
    own.push(...rules.rules);
    listener.hosts.set(hostname, own);
    listener.hostsOf[route.kind].add(hostname);
  }
  return undefined;
}

function attachConnections(
  route: ConnectionRoute,
  { listener, hostnames }: ListenerAttachment,
  rules: TranslatedRules,
  places: Set<string>,
  context: TranslateContext,
): undefined {
  listener.attached.add(`${route.kind} ${keyOf(route)}`);
  if (places.has(listener.name)) return;
  places.add(listener.name);
  const wanted = hostnames.filter((hostname) => hostname !== '');
  const free = wanted.filter((hostname) => !listener.streamHosts.has(hostname));
  const [older] = listener.streams;
  if (older !== undefined && free.length === 0) {
    context.report('SLU0230', route, {
      message:
        wanted.length === 0
          ? `listener ${listener.name} sends all its connections to ${older.kind} ${older.route}, which is older`
          : `listener ${listener.name} has older Routes for ${wanted.join(', ')}`,
    });
    return;
  }
  const { kind } = route;
  for (const hostname of free) listener.streamHosts.add(hostname);
  listener.streams.push({ route: keyOf(route), kind, hostnames: free, backends: rules.backends });
}

/** The Gateway, as the status of a policy names it. */
function ancestorOf({ gateway }: GatewayState): [string, ParentReference] {
  const { namespace, name } = gateway.metadata;
  const ref = { group: GATEWAY_GROUP, kind: 'Gateway', namespace, name };
  return [`Gateway ${namespace}/${name}`, ref];
}
