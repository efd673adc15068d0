// Gateways as parents of Routes: which Listeners take the Route, and for which hostnames.
import type { ParentReference } from '#resources/type/http-route.gen';
import { allowsNamespace } from './allowed-routes.ts';
import type { TranslateContext } from './context.ts';
import type { GatewayState } from './gateway.ts';
import { intersectHostnames } from './hostname.ts';
import type { ListenerState } from './listener.ts';
import { hostnamesOf, type RouteObject } from './route-object.ts';
import type { ParentRefusal } from './service-frontend.ts';

export interface ListenerAttachment {
  readonly listener: ListenerState;
  /** What Listener and Route have in common, without repetition. */
  readonly hostnames: readonly string[];
}

/** The Listeners that take the Route, or why none does. Whether a Listener is served does not matter here. */
export function findListeners(
  route: RouteObject,
  parent: ParentReference,
  { gateway, listeners }: GatewayState,
  context: TranslateContext,
): readonly ListenerAttachment[] | ParentRefusal {
  const named = listeners.filter(
    ({ spec }) =>
      (parent.sectionName === undefined || parent.sectionName === spec.name) &&
      (parent.port === undefined || parent.port === spec.port),
  );
  const name = `Gateway ${gateway.metadata.namespace}/${gateway.metadata.name}`;
  if (named.length === 0) {
    return {
      reason: 'NoMatchingParent',
      message: `${name} has no listener ${[parent.sectionName, parent.port].filter((part) => part !== undefined).join(' on port ')}`,
      field: parent.sectionName === undefined ? 'port' : 'sectionName',
      mend: `write one of: ${listeners.map(({ spec }) => `${spec.name} (${spec.port})`).join(', ')}`,
    };
  }
  const ofKind = named.filter(({ supportedKinds }) => supportedKinds.some(({ kind }) => kind === route.kind));
  const { namespace } = route.metadata;
  const allowing = ofKind.filter(({ spec }) =>
    allowsNamespace(spec, gateway.metadata.namespace, namespace, context),
  );
  if (allowing.length === 0) {
    const cause = ofKind.length === 0 ? `${route.kind}s` : `Routes of namespace ${namespace}`;
    // The API has a reason of its own for TLSRoutes on listeners of other protocols (TLSRouteSpec.hostnames).
    const wrongProtocol = route.kind === 'TLSRoute' && named.every(({ spec }) => spec.protocol !== 'TLS');
    return {
      reason: wrongProtocol ? 'UnsupportedValue' : 'NotAllowedByListeners',
      message: `no listener of ${name} takes ${cause}`,
    };
  }
  const attachments = allowing
    .map((listener) => ({ listener, hostnames: intersect(hostnamesOf(route), listener.hostname) }))
    .filter(({ hostnames }) => hostnames.length > 0);
  if (attachments.length > 0) return attachments;
  const theirs = allowing.map(({ hostname }) => hostname).join(', ');
  return {
    reason: 'NoMatchingListenerHostname',
    message: `no hostname of the Route is in common with ${name}, which listens for ${theirs}`,
  };
}

/** A Route without hostnames takes those of the Listener. */
function intersect(hostnames: readonly string[], ofListener: string): readonly string[] {
  if (hostnames.length === 0) return [ofListener];
  const common = hostnames.flatMap(
    (hostname) => intersectHostnames(hostname.toLowerCase(), ofListener) ?? [],
  );
  return [...new Set(common)];
}
