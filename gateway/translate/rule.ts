// HTTPRouteRule and GRPCRouteRule -> Rule, and what of it cannot be served.
import type { GRPCRouteMatch } from '#resources/type/grpc-route.gen';
import type { HTTPRouteMatch, HTTPRouteRule } from '#resources/type/http-route.gen';
import type { Match, Rule, WeightedBackend } from '../model/route.ts';
import { keyOf } from './age.ts';
import { resolveBackend, type Reach } from './backend-ref.ts';
import type { PolicyState, TranslateContext } from './context.ts';
import { translateFilters } from './filter.ts';
import { translateGrpcMatch } from './grpc-match.ts';
import { ANY_MATCH, onlyPrefix, translateMatch } from './match.ts';
import type { RequestRoute } from './route-object.ts';
import type { Refusal } from './status.ts';

type WrittenRule = NonNullable<RequestRoute['spec']['rules']>[number];

/** What becomes of a Route, of whichever kind. */
export interface TranslatedRules {
  /** In the order written; those without any valid match are left out. */
  readonly rules: readonly Rule[];
  /** Of the one rule that Routes of connections have. */
  readonly backends: readonly WeightedBackend[];
  readonly count: number;
  /** Why rules cannot be served, by index: such a rule answers 500 where it matches. */
  readonly refused: readonly (Refusal & { readonly index: number })[];
  /** Why backendRefs could not be resolved. */
  readonly unresolved: readonly Refusal[];
  /** That its backends are under. */
  readonly policies: ReadonlySet<PolicyState>;
}

interface TranslatedRule {
  readonly rule: Rule | undefined;
  readonly refusal: Refusal | undefined;
  readonly unresolved: readonly Refusal[];
  readonly policies: readonly PolicyState[];
}

interface TranslatedBackends {
  readonly backends: readonly WeightedBackend[];
  readonly refusal: Refusal | undefined;
  readonly unresolved: readonly Refusal[];
  readonly policies: readonly PolicyState[];
}

export function translateRules(
  route: RequestRoute,
  reach: Reach,
  context: TranslateContext,
): TranslatedRules {
  const written: readonly WrittenRule[] = route.spec.rules ?? [];
  if (written.length === 0) {
    context.report('SLU0221', route, {
      field: 'spec',
      message: 'the Route has no rules: it takes no requests',
      mend: 'add rules',
    });
  }
  const rules = written.map((rule, index) => translateRule(route, rule, index, reach, context));
  return {
    rules: rules.flatMap(({ rule }) => rule ?? []),
    backends: [],
    count: rules.length,
    refused: rules.flatMap(({ refusal }, index) => (refusal === undefined ? [] : [{ ...refusal, index }])),
    unresolved: rules.flatMap(({ unresolved }) => unresolved),
    policies: new Set(rules.flatMap(({ policies }) => policies)),
  };
}

function translateRule(
  route: RequestRoute,
  written: WrittenRule,
  index: number,
  reach: Reach,
  context: TranslateContext,
): TranslatedRule {
  const field = `spec.rules[${index}]`;
  if ('timeouts' in written && written.timeouts !== undefined) {
    context.report('SLU0207', route, {
      field: `${field}.timeouts`,
      message: 'timeouts of rules are not served yet',
      mend: 'remove them; --response-timeout holds for all requests',
    });
  }
  const { matches, refusal: badMatch } = translateMatches(route, written, field, context);
  // Only HTTPRoutes have filters that replace a prefix.
  const prefix = route.kind === 'HTTPRoute' ? onlyPrefix((written as HTTPRouteRule).matches) : undefined;
  const own = translateFilters(
    route,
    written.filters ?? [],
    { field: `${field}.filters`, of: 'rule', prefix },
    context,
  );
  const backends = translateBackends(route, written, field, { reach, prefix }, context);
  const redirects = own.filters.some(({ kind }) => kind === 'redirect');
  const refusal =
    badMatch ?? own.refusal ?? backends.refusal ?? (redirects ? checkRedirect(written, field) : undefined);
  if (refusal === undefined && !redirects) reportSilence(route, backends.backends, field, context);
  const rule: Rule = {
    route: keyOf(route),
    ...(route.kind === 'GRPCRoute' ? { kind: route.kind } : {}),
    index,
    ...(written.name === undefined ? {} : { name: written.name }),
    matches,
    filters: refusal === undefined ? own.filters : [],
    backends:
      refusal === undefined ? backends.backends : [{ weight: 1, failure: 'RULE_UNSUPPORTED', filters: [] }],
  };
  const { unresolved, policies } = backends;
  return { rule: matches.length > 0 ? rule : undefined, refusal, unresolved, policies };
}

/** A match that cannot be evaluated matches nothing, and the rule is not served: its other matches answer 500. */
function translateMatches(
  route: RequestRoute,
  rule: WrittenRule,
  field: string,
  context: TranslateContext,
): { matches: readonly Match[]; refusal: Refusal | undefined } {
  const written = rule.matches ?? [];
  if (written.length === 0) return { matches: [ANY_MATCH], refusal: undefined };
  const translated = written.map((match, i) => {
    const place = `${field}.matches[${i}]`;
    return route.kind === 'GRPCRoute'
      ? translateGrpcMatch(route, match as GRPCRouteMatch, place, context)
      : translateMatch(route, match as HTTPRouteMatch, place, context);
  });
  const matches = translated.filter((match) => match !== undefined);
  if (matches.length === written.length) return { matches, refusal: undefined };
  const bad = translated.indexOf(undefined);
  return {
    matches,
    refusal: {
      reason: 'UnsupportedValue',
      message: `${field}.matches[${bad}]: a regular expression that is not served`,
    },
  };
}

function translateBackends(
  route: RequestRoute,
  rule: WrittenRule,
  field: string,
  { reach, prefix }: { reach: Reach; prefix: string | undefined },
  context: TranslateContext,
): TranslatedBackends {
  const backends: WeightedBackend[] = [];
  const unresolved: Refusal[] = [];
  const policies: PolicyState[] = [];
  let refusal: Refusal | undefined;
  for (const [i, ref] of (rule.backendRefs ?? []).entries()) {
    const place = `${field}.backendRefs[${i}]`;
    const resolved = resolveBackend(route, ref, place, reach, context);
    if (resolved.policy !== undefined) policies.push(resolved.policy);
    if (resolved.refusal !== undefined) unresolved.push(resolved.refusal);
    const own = translateFilters(
      route,
      ref.filters ?? [],
      { field: `${place}.filters`, of: 'backend', prefix },
      context,
    );
    refusal ??= own.refusal;
    backends.push(
      own.filters.length === 0 ? resolved.backend : { ...resolved.backend, filters: own.filters },
    );
  }
  return { backends, refusal, unresolved, policies };
}

function checkRedirect(rule: WrittenRule, field: string): Refusal | undefined {
  return (rule.backendRefs ?? []).length === 0
    ? undefined
    : { reason: 'IncompatibleFilters', message: `${field}: a redirect has no backendRefs` };
}

function reportSilence(
  route: RequestRoute,
  backends: readonly WeightedBackend[],
  field: string,
  context: TranslateContext,
): void {
  if (backends.some(({ weight }) => weight > 0)) return;
  const message = backends.length === 0 ? 'the rule has no backendRefs' : 'all weights of the rule are 0';
  const at = backends.length === 0 ? field : `${field}.backendRefs`;
  context.report('SLU0221', route, { field: at, message: `${message}: it answers 500` });
}
