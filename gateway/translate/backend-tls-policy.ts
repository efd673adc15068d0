// BackendTLSPolicies: how the connections to a Service's endpoints are secured, and what each policy's status says.
//
// A policy that cannot be met makes the connections fail; it never lets them go in the clear. Where two are for one target,
// the older holds, also when it is the one that cannot be met. One for a port goes before one for the whole Service.
import type { BackendTLSPolicy, ParentReference } from '#resources/type/backend-tls-policy.gen';
import type { Service, ServicePort } from '#resources/type/service.gen';
import type { ClusterTls, SubjectAltName } from '../model/cluster.ts';
import { keyOf, sortByAge } from './age.ts';
import type { PolicyState, TranslateContext } from './context.ts';
import { conditionsFor, type BackendTLSPolicyObjectStatus, type Refusal } from './status.ts';
import { resolveRoots } from './trust-ref.ts';

/** What the API holds (PolicyStatus.ancestors). */
const MAX_ANCESTORS = 16;

interface Claim {
  readonly state: PolicyState;
  /** Policies that hold the targets that this one lost. */
  readonly winners: readonly PolicyState[];
  readonly holds: boolean;
}

/** Puts every policy in force into `context.policies`; the rest is told when all Routes are attached. */
export function translatePolicies(
  policies: readonly BackendTLSPolicy[],
  context: TranslateContext,
): () => readonly BackendTLSPolicyObjectStatus[] {
  const claims = sortByAge(policies).map((policy) => claimTargets(translatePolicy(policy, context), context));
  return () => claims.flatMap((claim) => policyStatus(claim, context) ?? []);
}

/** The policy for a port of a Service, if there is one. */
export function findPolicy(
  { metadata }: Service,
  { name }: ServicePort,
  context: TranslateContext,
): PolicyState | undefined {
  const key = `${metadata.namespace}/${metadata.name}`;
  return (name ? context.policies.get(`${key}:${name}`) : undefined) ?? context.policies.get(key);
}

function translatePolicy(policy: BackendTLSPolicy, context: TranslateContext): PolicyState {
  const { validation, options } = policy.spec;
  if (options !== undefined) {
    const message = `options of TLS are not served: ${Object.keys(options).join(', ')}`;
    context.report('SLU0207', policy, { field: 'spec.options', message });
  }
  const { caCertificateRefs = [], wellKnownCACertificates: wellKnown } = validation;
  const ancestors = new Map<string, ParentReference>();
  if (caCertificateRefs.length === 0 && wellKnown !== 'System') {
    const message = `wellKnownCACertificates ${wellKnown ?? ''} is not served; System is`;
    context.report('SLU0228', policy, { field: 'spec.validation.wellKnownCACertificates', message });
    const invalid = { reason: 'Invalid', message };
    return { policy, tls: undefined, invalid, unresolved: undefined, ancestors };
  }
  const field = 'spec.validation.caCertificateRefs';
  const { roots, refusals } = resolveRoots(policy, caCertificateRefs, field, 'InvalidKind', context);
  const [first] = refusals;
  const message = refusals.map((one) => one.message).join('; ');
  const unresolved = first === undefined ? undefined : { reason: first.reason, message };
  if (caCertificateRefs.length > 0 && roots === '') {
    context.report('SLU0228', policy, { field, message: 'none of the CA certificates can be used' });
    const invalid = { reason: 'NoValidCACertificate', message };
    return { policy, tls: undefined, invalid, unresolved, ancestors };
  }
  return { policy, tls: clusterTls(policy, roots), invalid: undefined, unresolved, ancestors };
}

function clusterTls({ spec: { validation } }: BackendTLSPolicy, roots: string): ClusterTls {
  const { hostname, subjectAltNames = [] } = validation;
  return {
    serverName: hostname.toLowerCase(),
    roots,
    subjectAltNames: subjectAltNames.map(({ type, hostname: dns = '', uri = '' }): SubjectAltName =>
      type === 'URI' ? { kind: 'uri', value: uri } : { kind: 'dns', value: dns.toLowerCase() },
    ),
  };
}

function claimTargets(state: PolicyState, context: TranslateContext): Claim {
  const { policy } = state;
  const winners: PolicyState[] = [];
  let holds = false;
  for (const [index, target] of policy.spec.targetRefs.entries()) {
    const field = `spec.targetRefs[${index}]`;
    const problem = checkTarget(policy, target, context);
    if (problem !== undefined) {
      context.report('SLU0226', policy, { ...problem, field: `${field}.${problem.field}` });
      continue;
    }
    const section = target.sectionName ? `:${target.sectionName}` : '';
    const key = `${policy.metadata.namespace}/${target.name}${section}`;
    const winner = context.policies.get(key);
    if (winner === undefined) {
      context.policies.set(key, state);
      holds = true;
      continue;
    }
    winners.push(winner);
    const message = `BackendTLSPolicy ${keyOf(winner.policy)} is older and for the same Service ${target.name}`;
    context.report('SLU0227', policy, { field, message });
  }
  return { state, winners, holds };
}

function checkTarget(
  { metadata: { namespace } }: BackendTLSPolicy,
  { group, kind, name, sectionName }: BackendTLSPolicy['spec']['targetRefs'][number],
  context: TranslateContext,
): { field: string; message: string } | undefined {
  if (group !== '' || kind !== 'Service') {
    const what = `${kind}${group === '' ? '' : ` of group ${group}`}`;
    return { field: 'kind', message: `${what} is not served as the target of a BackendTLSPolicy` };
  }
  const service = context.index.service(namespace, name);
  if (service === undefined) return { field: 'name', message: `there is no Service ${namespace}/${name}` };
  const ports = service.spec?.ports ?? [];
  return sectionName === undefined || sectionName === '' || ports.some((port) => port.name === sectionName)
    ? undefined
    : { field: 'sectionName', message: `Service ${namespace}/${name} has no port named ${sectionName}` };
}

/** Undefined as long as no Route uses it: then there is no ancestor to tell about. */
function policyStatus(
  { state, winners, holds }: Claim,
  context: TranslateContext,
): BackendTLSPolicyObjectStatus | undefined {
  const { policy, invalid, unresolved } = state;
  const ancestors = new Map([state, ...winners].flatMap((one) => [...one.ancestors]));
  const [winner] = winners;
  if (ancestors.size === 0) return undefined;
  const conflict: Refusal | undefined =
    holds || winner === undefined
      ? undefined
      : { reason: 'Conflicted', message: `BackendTLSPolicy ${keyOf(winner.policy)} is older` };
  const refusal = conflict ?? invalid;
  const conditions = conditionsFor(policy);
  const own = [
    refusal === undefined ? conditions.holds('Accepted', 'Accepted') : conditions.fails('Accepted', refusal),
    unresolved === undefined
      ? conditions.holds('ResolvedRefs', 'ResolvedRefs')
      : conditions.fails('ResolvedRefs', unresolved),
  ];
  const { namespace, name } = policy.metadata;
  const sorted = [...ancestors].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, MAX_ANCESTORS);
  return {
    kind: 'BackendTLSPolicy',
    namespace,
    name,
    status: {
      ancestors: sorted.map(([, ancestorRef]) => ({
        ancestorRef,
        controllerName: context.controllerName,
        conditions: own,
      })),
    },
  };
}
