// One listener of a Gateway on its way into the Snapshot: what is wrong with it, and the Routes that attach to it.
import type { Gateway, Listener as ListenerSpec, RouteGroupKind } from '#resources/type/gateway.gen';
import type { Rule, StreamRoute } from '../model/route.ts';
import type { Listener, ListenerTls } from '../model/snapshot.ts';
import { keyOf } from './age.ts';
import { listAllowedKinds, listProtocols } from './allowed-routes.ts';
import type { TranslateContext } from './context.ts';
import { translateListenerTls } from './listener-tls.ts';
import type { RequestRoute } from './route-object.ts';
import { conditionsFor, type ListenerObjectStatus, type Refusal } from './status.ts';

export interface ListenerState {
  /** `namespace/gateway/listener`. */
  readonly name: string;
  readonly gateway: Gateway;
  readonly spec: ListenerSpec;
  /** Path of the listener in its Gateway. */
  readonly field: string;
  readonly hostname: string;
  readonly supportedKinds: readonly RouteGroupKind[];
  readonly unresolved: Refusal | undefined;
  readonly tls: ListenerTls | undefined;
  /** Why it is accepted and yet serves nothing. */
  readonly unusable: Refusal | undefined;
  /** Why it is not served; set by listener-conflict.ts too. */
  refusal: Refusal | undefined;
  conflict: Refusal | undefined;
  /** Listeners on the same port that certificates or client certificates of this one could be meant for. */
  readonly overlaps: string[];
  /** Rules by hostname, in order of precedence. */
  readonly hosts: Map<string, Rule[]>;
  /** Hostnames by the kind of their Routes, which are never mixed. */
  readonly hostsOf: Readonly<Record<RequestRoute['kind'], Set<string>>>;
  /** In order of precedence. */
  readonly streams: StreamRoute[];
  /** Hostnames of these. */
  readonly streamHosts: Set<string>;
  /** Accepted Routes, as `kind namespace/name`. */
  readonly attached: Set<string>;
}

export function translateListener(
  gateway: Gateway,
  spec: ListenerSpec,
  index: number,
  context: TranslateContext,
): ListenerState {
  const field = `spec.listeners[${index}]`;
  const { supported, unsupported } = listAllowedKinds(spec);
  const badProtocol = checkProtocol(spec);
  if (badProtocol !== undefined) {
    context.report('SLU0204', gateway, { field: `${field}.protocol`, message: badProtocol.message });
  }
  const { tls, unresolved, refusal, unusable } = translateListenerTls(gateway, spec, field, context);
  const names = unsupported.map(({ kind }) => kind).join(', ');
  if (unsupported.length > 0) {
    context.report('SLU0206', gateway, {
      field: `${field}.allowedRoutes.kinds`,
      message: `Routes of kind ${names} are not served by listener ${spec.name}`,
    });
  }
  return {
    name: `${keyOf(gateway)}/${spec.name}`,
    gateway,
    spec,
    field,
    hostname: spec.hostname?.toLowerCase() ?? '',
    supportedKinds: supported,
    unresolved:
      unresolved ??
      (unsupported.length > 0 ? { reason: 'InvalidRouteKinds', message: `${names}: not served` } : undefined),
    tls,
    unusable,
    refusal: badProtocol ?? refusal,
    conflict: undefined,
    overlaps: [],
    hosts: new Map(),
    hostsOf: { HTTPRoute: new Set(), GRPCRoute: new Set() },
    streams: [],
    streamHosts: new Set(),
    attached: new Set(),
  };
}

export function listenerStatus(state: ListenerState, gatewayServes: boolean): ListenerObjectStatus {
  const { refusal, conflict, unresolved } = state;
  const conditions = conditionsFor(state.gateway);
  const programmed =
    conflict ?? (refusal === undefined ? state.unusable : { reason: 'Invalid', message: refusal.message });
  return {
    name: state.spec.name,
    attachedRoutes: state.attached.size,
    supportedKinds: state.supportedKinds,
    conditions: [
      refusal === undefined
        ? conditions.holds('Accepted', 'Accepted')
        : conditions.fails('Accepted', refusal),
      conflict === undefined
        ? conditions.fails('Conflicted', { reason: 'NoConflicts', message: '' })
        : conditions.holds('Conflicted', conflict.reason, conflict.message),
      unresolved === undefined
        ? conditions.holds('ResolvedRefs', 'ResolvedRefs')
        : conditions.fails('ResolvedRefs', unresolved),
      programmed !== undefined
        ? conditions.fails('Programmed', programmed)
        : gatewayServes
          ? conditions.waits('Programmed', 'waiting for the data plane')
          : conditions.fails('Programmed', { reason: 'Invalid', message: 'the Gateway is not served' }),
      ...(state.overlaps.length === 0
        ? []
        : [conditions.holds('OverlappingTLSConfig', 'OverlappingHostnames', state.overlaps.join(', '))]),
    ],
  };
}

/** Whether anything comes of its connections. */
export function isUsable({ refusal, unusable }: ListenerState): boolean {
  return refusal === undefined && unusable === undefined;
}

/** Whether it has a place on its port: also when all that it does there is to refuse handshakes, see listener-tls.ts. */
export function hasPlace({ refusal, conflict, tls }: ListenerState): boolean {
  return refusal === undefined || (conflict === undefined && tls?.certificates.length === 0);
}

/** As the Snapshot holds it; hostnames in alphabetical order. */
export function listenerModel({ name, hostname, spec, tls, hosts, streams }: ListenerState): Listener {
  const sorted = [...hosts].sort(([a], [b]) => (a < b ? -1 : 1));
  const takesRequests = spec.protocol === 'HTTP' || spec.protocol === 'HTTPS';
  return {
    name,
    hostname,
    hosts: sorted.map(([host, rules]) => ({ hostname: host, rules })),
    ...(tls === undefined ? {} : { tls }),
    ...(takesRequests ? {} : { streams }),
  };
}

function checkProtocol({ protocol }: ListenerSpec): Refusal | undefined {
  const served = listProtocols();
  return served.includes(protocol)
    ? undefined
    : {
        reason: 'UnsupportedProtocol',
        message: `protocol ${protocol} is not served; these are: ${served.join(', ')}`,
      };
}
