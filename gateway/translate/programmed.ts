// The last word on Programmed: the data plane has taken the Snapshot, or could not open a port.
import { keyOf } from './age.ts';
import type { Gateway } from '#resources/type/gateway.gen';
import type { GatewayObjectStatus, ListenerObjectStatus, ObjectStatus, StatusCondition } from './status.ts';

/** `failures`: why a port is not served, by transport and port: `tcp 80`, `udp 53`. Conditions that are decided already stay as they are. */
export function markProgrammed(
  statuses: readonly ObjectStatus[],
  gateways: readonly Gateway[],
  failures: ReadonlyMap<string, string>,
): readonly ObjectStatus[] {
  const byKey = new Map(gateways.map((gateway) => [keyOf(gateway), gateway]));
  return statuses.map((one) => {
    if (one.kind !== 'Gateway') return one;
    const gateway = byKey.get(`${one.namespace}/${one.name}`);
    return gateway === undefined ? one : markGateway(one, gateway, failures);
  });
}

function markGateway(
  status: GatewayObjectStatus,
  gateway: Gateway,
  failures: ReadonlyMap<string, string>,
): GatewayObjectStatus {
  const ports = new Map(
    gateway.spec.listeners.map(({ name, port, protocol }) => [
      name,
      `${protocol === 'UDP' ? 'udp' : 'tcp'} ${port}`,
    ]),
  );
  const listeners = status.status.listeners.map((listener): ListenerObjectStatus => {
    const failure = failures.get(ports.get(listener.name) ?? '');
    return { ...listener, conditions: listener.conditions.map((one) => decide(one, failure)) };
  });
  const failed = status.status.listeners
    .filter(({ conditions }) => conditions.some(isWaiting))
    .map(({ name }) => failures.get(ports.get(name) ?? ''));
  // The Gateway is programmed when any of its listeners is.
  const failure =
    failed.length > 0 && failed.every((one) => one !== undefined) ? failed.join('; ') : undefined;
  const conditions = status.status.conditions.map((one) => decide(one, failure));
  return { ...status, status: { ...status.status, conditions, listeners } };
}

function isWaiting({ type, status }: StatusCondition): boolean {
  return type === 'Programmed' && status === 'Unknown';
}

function decide(one: StatusCondition, failure: string | undefined): StatusCondition {
  if (!isWaiting(one)) return one;
  return failure === undefined
    ? { ...one, status: 'True', reason: 'Programmed', message: '' }
    : { ...one, status: 'False', reason: 'Invalid', message: failure };
}
