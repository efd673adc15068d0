// Listeners must be distinct: a request must belong to exactly one of them (GatewaySpec.listeners, "Distinct Listeners").
//
// Inside one Gateway nobody wins, as the API demands. Between Gateways, which share the node's ports, the older Gateway keeps
// the listener: otherwise anyone who may create a Gateway could take down another's.
import type { TranslateContext } from './context.ts';
import type { ListenerState } from './listener.ts';

/** `listeners` of all served Gateways, in order of the Gateways' age. Marks those that conflict; the others go on. */
export function refuseConflicts(listeners: readonly ListenerState[], context: TranslateContext): void {
  const candidates = listeners.filter(({ refusal }) => refusal === undefined);
  for (const rivals of Map.groupBy(candidates, ({ spec, hostname }) => `${spec.port} ${hostname}`).values()) {
    const [first] = rivals;
    if (first === undefined || rivals.length === 1) continue;
    const sameGateway = Map.groupBy(rivals, ({ gateway }) => gateway);
    // The first Gateway that asks for it only once keeps it.
    const winner = [...sameGateway.values()].find((own) => own.length === 1)?.[0];
    for (const loser of rivals) if (loser !== winner) refuse(loser, rivals, context);
  }
}

function refuse(loser: ListenerState, rivals: readonly ListenerState[], context: TranslateContext): void {
  const { spec, hostname } = loser;
  const others = rivals.filter((rival) => rival !== loser).map(({ name }) => name);
  const message =
    `port ${spec.port} with ${hostname === '' ? 'no hostname' : `hostname ${hostname}`} ` +
    `is also that of listener ${others.join(' and ')}`;
  loser.conflict = { reason: 'HostnameConflict', message };
  loser.refusal = loser.conflict;
  context.report('SLU0205', loser.gateway, {
    field: `${loser.field}.${spec.hostname === undefined ? 'port' : 'hostname'}`,
    message,
  });
}
