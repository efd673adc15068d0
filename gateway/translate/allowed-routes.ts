// Which Routes a Listener lets in: by kind and by namespace (Listener.allowedRoutes).
import type {
  LabelSelector,
  LabelSelectorRequirement,
  Listener,
  RouteGroupKind,
} from '#resources/type/gateway.gen';
import type { TranslateContext } from './context.ts';
import { GATEWAY_GROUP, type RouteKind } from './route-object.ts';

/** In the order that status lists them. */
const KINDS: Readonly<Record<string, readonly RouteKind[]>> = {
  HTTP: ['HTTPRoute', 'GRPCRoute'],
  HTTPS: ['HTTPRoute', 'GRPCRoute'],
  TLS: ['TLSRoute'],
  TCP: ['TCPRoute'],
  UDP: ['UDPRoute'],
};
/** The API server gives every namespace this label; a directory may leave out the Namespace altogether. */
const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

export interface AllowedKinds {
  /** Of those asked for, the ones served: none when the protocol is not served. */
  readonly supported: readonly RouteGroupKind[];
  readonly unsupported: readonly RouteGroupKind[];
}

export function listAllowedKinds(listener: Listener): AllowedKinds {
  const served = KINDS[listener.protocol] ?? [];
  if (served.length === 0) return { supported: [], unsupported: [] };
  const kinds = listener.allowedRoutes.kinds ?? [];
  const isAsked = (kind: RouteKind): boolean =>
    kinds.length === 0 || kinds.some((one) => one.group === GATEWAY_GROUP && one.kind === kind);
  const supported = served.filter(isAsked).map((kind) => ({ group: GATEWAY_GROUP, kind }));
  const isServed = ({ group, kind }: RouteGroupKind): boolean =>
    group === GATEWAY_GROUP && served.some((one) => one === kind);
  return { supported, unsupported: kinds.filter((kind) => !isServed(kind)) };
}

/** Protocols of listeners that are served. */
export function listProtocols(): readonly string[] {
  return Object.keys(KINDS);
}

/** Whether the Listener of a Gateway in `gatewayNamespace` lets in Routes from `namespace`. */
export function allowsNamespace(
  listener: Listener,
  gatewayNamespace: string,
  namespace: string,
  context: TranslateContext,
): boolean {
  const { from, selector } = listener.allowedRoutes.namespaces;
  if (from === 'All') return true;
  if (from === 'Same') return namespace === gatewayNamespace;
  // No selector at all selects nothing; an empty one selects everything (metav1.LabelSelector).
  if (from !== 'Selector' || selector === undefined) return false;
  const labels = {
    [NAMESPACE_NAME_LABEL]: namespace,
    ...context.index.namespace(namespace)?.metadata.labels,
  };
  return selects(selector, labels);
}

function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every((requirement) => meets(requirement, labels))
  );
}

function meets(
  { key, operator, values = [] }: LabelSelectorRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      // Fail closed: what is not understood selects nothing.
      return false;
  }
}
