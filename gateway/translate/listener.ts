// One listener of a Gateway on its way into the Snapshot: what is wrong with it, and the Routes that attach to it.
import type { Gateway, Listener as ListenerSpec, RouteGroupKind } from '#resources/type/gateway.gen';
import type { Rule } from '../model/route.ts';
import type { Listener } from '../model/snapshot.ts';
import { keyOf } from './age.ts';
import { listAllowedKinds } from './allowed-routes.ts';
import type { TranslateContext } from './context.ts';
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
  /** Why it is not served; set by listener-conflict.ts too. */
  refusal: Refusal | undefined;
  conflict: Refusal | undefined;
  /** Rules by hostname, in order of precedence. */
  readonly hosts: Map<string, Rule[]>;
  /** Accepted Routes, as `namespace/name`. */
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
  const refusal = checkProtocol(spec);
  if (refusal !== undefined) {
    context.report('SLU0204', gateway, { field: `${field}.protocol`, message: refusal.message });
  }
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
      unsupported.length > 0 ? { reason: 'InvalidRouteKinds', message: `${names}: not served` } : undefined,
    refusal,
    conflict: undefined,
    hosts: new Map(),
    attached: new Set(),
  };
}

export function listenerStatus(state: ListenerState, gatewayServes: boolean): ListenerObjectStatus {
  const { refusal, conflict, unresolved } = state;
  const conditions = conditionsFor(state.gateway);
  const programmed =
    conflict ?? (refusal === undefined ? undefined : { reason: 'Invalid', message: refusal.message });
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
    ],
  };
}

/** As the Snapshot holds it; hostnames in alphabetical order. */
export function listenerModel({ name, hostname, hosts }: ListenerState): Listener {
  const sorted = [...hosts].sort(([a], [b]) => (a < b ? -1 : 1));
  return { name, hostname, hosts: sorted.map(([host, rules]) => ({ hostname: host, rules })) };
}

function checkProtocol({ protocol }: ListenerSpec): Refusal | undefined {
  return protocol === 'HTTP'
    ? undefined
    : {
        reason: 'UnsupportedProtocol',
        message: `protocol ${protocol} is not served; HTTP is`,
      };
}
