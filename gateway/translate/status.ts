// What we say back about an object: Gateway API conditions as plain data. Whoever writes them adds lastTransitionTime, which
// changes only when the condition's status does, and leaves the conditions of others alone.
import type { PolicyAncestorStatus } from '#resources/type/backend-tls-policy.gen';
import type { GatewayClassStatus } from '#resources/type/gateway-class.gen';
import type { GatewayStatus, ListenerStatus } from '#resources/type/gateway.gen';
import type { HTTPRouteStatus, RouteParentStatus } from '#resources/type/http-route.gen';
import type { Condition } from '#resources/type/meta.gen';
import type { RouteKind } from './route-object.ts';

export type StatusCondition = Omit<Condition, 'lastTransitionTime'>;

type WithConditions<T> = Omit<T, 'conditions'> & { readonly conditions: readonly StatusCondition[] };

export type ListenerObjectStatus = WithConditions<ListenerStatus>;
export type RouteParentObjectStatus = WithConditions<RouteParentStatus>;

export interface GatewayClassObjectStatus {
  readonly kind: 'GatewayClass';
  readonly name: string;
  readonly status: WithConditions<GatewayClassStatus>;
}

export interface GatewayObjectStatus {
  readonly kind: 'Gateway';
  readonly namespace: string;
  readonly name: string;
  readonly status: WithConditions<Omit<GatewayStatus, 'listeners'>> & {
    readonly listeners: readonly ListenerObjectStatus[];
  };
}

export interface RouteObjectStatus {
  readonly kind: RouteKind;
  readonly namespace: string;
  readonly name: string;
  /** Only our own parents: entries of other controllers stay as they are. */
  readonly status: Omit<HTTPRouteStatus, 'parents'> & {
    readonly parents: readonly RouteParentObjectStatus[];
  };
}

export interface BackendTLSPolicyObjectStatus {
  readonly kind: 'BackendTLSPolicy';
  readonly namespace: string;
  readonly name: string;
  readonly status: { readonly ancestors: readonly WithConditions<PolicyAncestorStatus>[] };
}

export type ObjectStatus =
  | GatewayClassObjectStatus
  | GatewayObjectStatus
  | RouteObjectStatus
  | BackendTLSPolicyObjectStatus;

/** Why something does not hold: a reason of the API and a sentence. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** Longest message that the API server takes. */
const MAX_MESSAGE = 32_768;

export interface ConditionWriter {
  /** True, with the reason that the API gives for it. */
  holds(type: string, reason: string, message?: string): StatusCondition;
  fails(type: string, refusal: Refusal): StatusCondition;
  /** Not known yet: the data plane has not confirmed it. */
  waits(type: string, message: string): StatusCondition;
}

/** Conditions about one object at one generation. */
export function conditionsFor(object: { metadata: { generation: number } }): ConditionWriter {
  const observedGeneration = object.metadata.generation;
  const write = (
    type: string,
    status: Condition['status'],
    reason: string,
    message: string,
  ): StatusCondition => ({
    type,
    status,
    reason,
    message: message.slice(0, MAX_MESSAGE),
    observedGeneration,
  });
  return {
    holds: (type, reason, message = '') => write(type, 'True', reason, message),
    fails: (type, { reason, message }) => write(type, 'False', reason, message),
    waits: (type, message) => write(type, 'Unknown', 'Pending', message),
  };
}
