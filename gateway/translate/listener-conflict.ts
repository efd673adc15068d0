// Listeners must be distinct: a connection must belong to exactly one of them (GatewaySpec.listeners, "Distinct Listeners").
//
//   UDP                     ports of their own, one listener each
//   HTTP | HTTPS, TLS | TCP  exclude each other on a port; of TCP there is one listener, of the others one for each hostname
//
// Inside one Gateway nobody wins, as the API demands. Between Gateways, which share the node's ports, the older Gateway keeps
// the port or the hostname: otherwise anyone who may create a Gateway could take down another's.
import type { Gateway } from '#resources/type/gateway.gen';
import type { TranslateContext } from './context.ts';
import { intersectHostnames } from './hostname.ts';
import type { ListenerState } from './listener.ts';
import { requiresProxyProtocol } from './proxy-protocol.ts';

/** `listeners` of all served Gateways, in order of the Gateways' age. Marks those that conflict; the others go on. */
export function refuseConflicts(listeners: readonly ListenerState[], context: TranslateContext): void {
  const candidates = listeners.filter(({ refusal }) => refusal === undefined);
  for (const onPort of Map.groupBy(candidates, portOf).values()) {
    refuseMixtures(onPort, context);
    refuseTwins(
      onPort.filter(({ refusal }) => refusal === undefined),
      context,
    );
    const left = onPort.filter(({ refusal, tls }) => refusal === undefined && tls !== undefined);
    for (const one of left)
      one.overlaps.push(...left.filter((other) => overlap(one, other)).map(({ name }) => name));
  }
}

function portOf({ spec }: ListenerState): string {
  return `${spec.protocol === 'UDP' ? 'udp' : 'tcp'} ${spec.port}`;
}

/** What every listener of a port must have in common: what the first bytes of a connection are. */
function beginningOf({ spec, gateway }: ListenerState, context: TranslateContext): string {
  const { protocol } = spec;
  if (protocol === 'UDP') return protocol;
  const begins = protocol === 'HTTPS' || protocol === 'TLS' ? 'HTTPS or TLS' : protocol;
  return requiresProxyProtocol(gateway, context) ? `${begins} after a PROXY protocol header` : begins;
}

function refuseMixtures(onPort: readonly ListenerState[], context: TranslateContext): void {
  const beginnings = Map.groupBy(onPort, (one) => beginningOf(one, context));
  if (beginnings.size < 2) return;
  const byGateway = Map.groupBy(onPort, ({ gateway }) => gateway);
  const isPure = (own: readonly ListenerState[]): boolean =>
    new Set(own.map((one) => beginningOf(one, context))).size === 1;
  // The first Gateway that does not contradict itself decides.
  const first = [...byGateway.values()].find(isPure)?.[0];
  const kept = first === undefined ? undefined : beginningOf(first, context);
  for (const own of byGateway.values()) {
    if (isPure(own) && own.every((one) => beginningOf(one, context) === kept)) continue;
    for (const loser of own) {
      const begins = beginningOf(loser, context);
      const rivals = onPort.filter((one) => beginningOf(one, context) !== begins);
      refuse(loser, rivals, 'ProtocolConflict', context);
    }
  }
}

function refuseTwins(onPort: readonly ListenerState[], context: TranslateContext): void {
  for (const rivals of Map.groupBy(onPort, ({ hostname }) => hostname).values()) {
    const [first] = rivals;
    if (first === undefined || rivals.length === 1) continue;
    const sameGateway: ReadonlyMap<Gateway, ListenerState[]> = Map.groupBy(rivals, ({ gateway }) => gateway);
    // The first Gateway that asks for it only once keeps it.
    const winner = [...sameGateway.values()].find((own) => own.length === 1)?.[0];
    const { protocol } = first.spec;
    const hasHostnames = protocol !== 'TCP' && protocol !== 'UDP';
    const alike = rivals.every(({ spec }) => spec.protocol === protocol);
    const reason = hasHostnames && alike ? 'HostnameConflict' : 'ProtocolConflict';
    for (const loser of rivals) if (loser !== winner) refuse(loser, rivals, reason, context);
  }
}

function refuse(
  loser: ListenerState,
  rivals: readonly ListenerState[],
  reason: 'HostnameConflict' | 'ProtocolConflict',
  context: TranslateContext,
): void {
  const { spec, hostname } = loser;
  const others = rivals.filter((rival) => rival !== loser);
  const place = `port ${spec.port} with ${hostname === '' ? 'no hostname' : `hostname ${hostname}`}`;
  const message =
    reason === 'HostnameConflict'
      ? `${place} is also that of listener ${others.map(({ name }) => name).join(' and ')}`
      : `${describe(loser, context)} on port ${spec.port} cannot stand beside ` +
        others.map((one) => `${describe(one, context)} of listener ${one.name}`).join(' and ');
  loser.conflict = { reason, message };
  loser.refusal = loser.conflict;
  const field = reason === 'ProtocolConflict' || spec.hostname === undefined ? 'port' : 'hostname';
  context.report('SLU0205', loser.gateway, { field: `${loser.field}.${field}`, message });
}

/** 'HTTP after a PROXY protocol header', 'TLS for a.example.com'. */
function describe(listener: ListenerState, context: TranslateContext): string {
  const { spec, hostname, gateway } = listener;
  const headed = spec.protocol !== 'UDP' && requiresProxyProtocol(gateway, context);
  return `${spec.protocol}${hostname === '' ? '' : ` for ${hostname}`}${headed ? ' after a PROXY protocol header' : ''}`;
}

function overlap(one: ListenerState, other: ListenerState): boolean {
  return one !== other && intersectHostnames(one.hostname, other.hostname) !== undefined;
}
