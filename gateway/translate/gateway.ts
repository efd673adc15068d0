// Gateways of our classes: which are served, and what their status says.
import type { Gateway } from '#resources/type/gateway.gen';
import { sortByAge } from './age.ts';
import { resolveCertificate, type ResolvedCertificate } from './certificate-ref.ts';
import type { Classes } from './class.ts';
import type { TranslateContext } from './context.ts';
import { refuseConflicts } from './listener-conflict.ts';
import { fallsBackInsecurely } from './listener-tls.ts';
import { isUsable, listenerStatus, translateListener, type ListenerState } from './listener.ts';
import { conditionsFor, type GatewayObjectStatus, type Refusal } from './status.ts';

export interface GatewayState {
  readonly gateway: Gateway;
  readonly listeners: readonly ListenerState[];
  /** Why the whole Gateway is not accepted. */
  readonly refusal: Refusal | undefined;
  /** Why an accepted Gateway cannot be programmed. */
  readonly unusable: Refusal | undefined;
  /** Name in the Snapshot of what it shows to backends that are reached by TLS. */
  readonly certificate: string | undefined;
  /** Why it has none, though it should. */
  readonly unresolved: Refusal | undefined;
}

/** In order of age. */
export function translateGateways(
  gateways: readonly Gateway[],
  classes: Classes,
  context: TranslateContext,
): readonly GatewayState[] {
  const states: GatewayState[] = [];
  for (const gateway of sortByAge(gateways)) {
    const className = gateway.spec.gatewayClassName;
    const accepted = classes.ours.get(className);
    if (accepted === undefined) {
      reportUnknownClass(gateway, context);
      continue;
    }
    const shown = clientCertificate(gateway, context);
    states.push({
      gateway,
      listeners: gateway.spec.listeners.map((spec, index) =>
        translateListener(gateway, spec, index, context),
      ),
      refusal: accepted
        ? checkGateway(gateway, context)
        : { reason: 'InvalidParameters', message: `GatewayClass ${className} is not accepted` },
      unusable: checkAddresses(gateway, context),
      certificate: shown?.name,
      unresolved: shown?.refusal,
    });
    reportIgnored(gateway, context);
  }
  refuseConflicts(
    states.filter(isServed).flatMap(({ listeners }) => listeners),
    context,
  );
  return states;
}

/** Whether the valid listeners of the Gateway go into the Snapshot. */
export function isServed({ refusal, unusable }: GatewayState): boolean {
  return refusal === undefined && unusable === undefined;
}

export function gatewayStatus(state: GatewayState): GatewayObjectStatus {
  const { gateway, listeners } = state;
  const conditions = conditionsFor(gateway);
  const invalid = listeners.filter(({ refusal }) => refusal !== undefined);
  const names = invalid.map(({ spec, refusal }) => `${spec.name}: ${refusal?.message ?? ''}`).join('; ');
  const refusal =
    state.refusal ??
    (invalid.length === listeners.length ? { reason: 'ListenersNotValid', message: names } : undefined);
  const unusable =
    refusal === undefined ? (state.unusable ?? findUnusable(listeners)) : { ...refusal, reason: 'Invalid' };
  const unresolved = state.unresolved ?? findUnresolved(listeners);
  return {
    kind: 'Gateway',
    namespace: gateway.metadata.namespace,
    name: gateway.metadata.name,
    status: {
      conditions: [
        refusal !== undefined
          ? conditions.fails('Accepted', refusal)
          : invalid.length > 0
            ? conditions.holds('Accepted', 'ListenersNotValid', names)
            : conditions.holds('Accepted', 'Accepted'),
        unresolved === undefined
          ? conditions.holds('ResolvedRefs', 'ResolvedRefs')
          : conditions.fails('ResolvedRefs', unresolved),
        unusable === undefined
          ? conditions.waits('Programmed', 'waiting for the data plane')
          : conditions.fails('Programmed', unusable),
        ...(fallsBackInsecurely(gateway)
          ? [
              conditions.holds(
                'InsecureFrontendValidationMode',
                'ConfigurationChanged',
                'clients are let in without a valid certificate: AllowInsecureFallback',
              ),
            ]
          : []),
      ],
      listeners: listeners.map((listener) => listenerStatus(listener, isServed(state))),
    },
  };
}

/** A Gateway is served by any of its listeners. */
function findUnusable(listeners: readonly ListenerState[]): Refusal | undefined {
  if (listeners.some(isUsable)) return undefined;
  const names = listeners.map(({ spec, refusal, unusable }) => {
    return `${spec.name}: ${(refusal ?? unusable)?.message ?? ''}`;
  });
  return { reason: 'Invalid', message: names.join('; ') };
}

function findUnresolved(listeners: readonly ListenerState[]): Refusal | undefined {
  const names = listeners.filter(({ unresolved }) => unresolved !== undefined).map(({ spec }) => spec.name);
  return names.length === 0 ? undefined : { reason: 'ListenersNotResolved', message: names.join(', ') };
}

function clientCertificate(gateway: Gateway, context: TranslateContext): ResolvedCertificate | undefined {
  const ref = gateway.spec.tls?.backend?.clientCertificateRef;
  const field = 'spec.tls.backend.clientCertificateRef';
  return ref && resolveCertificate(gateway, ref, field, 'InvalidClientCertificateRef', context);
}

function checkGateway(gateway: Gateway, context: TranslateContext): Refusal | undefined {
  const parameters = gateway.spec.infrastructure?.parametersRef;
  if (parameters !== undefined) {
    const message = `parameters of kind ${parameters.kind} are not served`;
    context.report('SLU0202', gateway, { field: 'spec.infrastructure.parametersRef', message });
    return { reason: 'InvalidParameters', message };
  }
  for (const [index, { type, value }] of (gateway.spec.addresses ?? []).entries()) {
    if (type === 'IPAddress') continue;
    const message = `address ${value ?? ''} of type ${type} is not served`;
    context.report('SLU0203', gateway, { field: `spec.addresses[${index}].type`, message });
    return { reason: 'UnsupportedAddress', message };
  }
  return undefined;
}

/** An address without a value asks for any, which is what it gets. */
function checkAddresses(gateway: Gateway, context: TranslateContext): Refusal | undefined {
  for (const [index, { type, value }] of (gateway.spec.addresses ?? []).entries()) {
    if (value === undefined || type !== 'IPAddress') continue;
    const message = `the Gateway cannot be bound to ${value}: all Gateways share the proxy's address`;
    context.report('SLU0203', gateway, { field: `spec.addresses[${index}].value`, message });
    return { reason: 'AddressNotUsable', message };
  }
  return undefined;
}

/** A class of another controller is none of our business; one that does not exist is most likely a slip. */
function reportUnknownClass(gateway: Gateway, context: TranslateContext): void {
  const name = gateway.spec.gatewayClassName;
  if (context.index.gatewayClass(name) !== undefined) return;
  context.report('SLU0201', gateway, {
    field: 'spec.gatewayClassName',
    message: `there is no GatewayClass ${name}; the Gateway is not served`,
    mend: `add a GatewayClass ${name} with controllerName ${context.controllerName}`,
  });
}

function reportIgnored(gateway: Gateway, context: TranslateContext): void {
  const { allowedListeners } = gateway.spec;
  if (allowedListeners !== undefined && allowedListeners.namespaces.from !== 'None') {
    context.report('SLU0207', gateway, {
      field: 'spec.allowedListeners',
      message: 'ListenerSets are not served yet',
    });
  }
}
