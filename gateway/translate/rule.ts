// HTTPRouteRule -> Rule, and what of it cannot be served.
import type { HTTPRoute, HTTPRouteRule } from '#resources/type/http-route.gen';
import type { Match, Rule, WeightedBackend } from '../model/route.ts';
import { keyOf } from './age.ts';
import { resolveBackend } from './backend-ref.ts';
import type { TranslateContext } from './context.ts';
import { translateFilters } from './filter.ts';
import { ANY_MATCH, onlyPrefix, translateMatch } from './match.ts';
import type { Refusal } from './status.ts';

export interface TranslatedRules {
  /** In the order written; those without any valid match are left out. */
  readonly rules: readonly Rule[];
  readonly count: number;
  /** Why rules cannot be served, by index: such a rule answers 500 where it matches. */
  readonly refused: readonly (Refusal & { readonly index: number })[];
  /** Why backendRefs could not be resolved. */
  readonly unresolved: readonly Refusal[];
}

/** `needsGrant`: whether refs to other namespaces need a ReferenceGrant. */
export function translateRules(
  route: HTTPRoute,
  needsGrant: boolean,
  context: TranslateContext,
): TranslatedRules {
  const rules = route.spec.rules.map((rule, index) => translateRule(route, rule, index, needsGrant, context));
  return {
    rules: rules.flatMap(({ rule }) => rule ?? []),
    count: rules.length,
    refused: rules.flatMap(({ refusal }, index) => (refusal === undefined ? [] : [{ ...refusal, index }])),
    unresolved: rules.flatMap(({ unresolved }) => unresolved),
  };
}

interface TranslatedRule {
  readonly rule: Rule | undefined;
  readonly refusal: Refusal | undefined;
  readonly unresolved: readonly Refusal[];
}

function translateRule(
  route: HTTPRoute,
  written: HTTPRouteRule,
  index: number,
  needsGrant: boolean,
  context: TranslateContext,
): TranslatedRule {
  const field = `spec.rules[${index}]`;
  if (written.timeouts !== undefined) {
    context.report('SLU0207', route, {
      field: `${field}.timeouts`,
      message: 'timeouts of rules are not served yet',
      mend: 'remove them; --response-timeout holds for all requests',
    });
  }
  const { matches, refusal: badMatch } = translateMatches(route, written, field, context);
  const prefix = onlyPrefix(written.matches);
  const own = translateFilters(
    route,
    written.filters ?? [],
    { field: `${field}.filters`, of: 'rule', prefix },
    context,
  );
  const backends = translateBackends(route, written, field, { needsGrant, prefix }, context);
  const redirects = own.filters.some(({ kind }) => kind === 'redirect');
  const refusal =
    badMatch ?? own.refusal ?? backends.refusal ?? (redirects ? checkRedirect(written, field) : undefined);
  if (refusal === undefined && !redirects) reportSilence(route, backends.backends, field, context);
  const rule: Rule = {
    route: keyOf(route),
    index,
    ...(written.name === undefined ? {} : { name: written.name }),
    matches,
    filters: refusal === undefined ? own.filters : [],
    backends:
      refusal === undefined ? backends.backends : [{ weight: 1, failure: 'RULE_UNSUPPORTED', filters: [] }],
  };
  return { rule: matches.length > 0 ? rule : undefined, refusal, unresolved: backends.unresolved };
}

/** A match that cannot be evaluated matches nothing, and the rule is not served: its other matches answer 500. */
function translateMatches(
  route: HTTPRoute,
  rule: HTTPRouteRule,
  field: string,
  context: TranslateContext,
): { matches: readonly Match[]; refusal: Refusal | undefined } {
  const written = rule.matches;
  if (written.length === 0) return { matches: [ANY_MATCH], refusal: undefined };
  const translated = written.map((match, i) =>
    translateMatch(route, match, `${field}.matches[${i}]`, context),
  );
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
  route: HTTPRoute,
  rule: HTTPRouteRule,
  field: string,
  { needsGrant, prefix }: { needsGrant: boolean; prefix: string | undefined },
  context: TranslateContext,
): { backends: readonly WeightedBackend[]; refusal: Refusal | undefined; unresolved: readonly Refusal[] } {
  const backends: WeightedBackend[] = [];
  const unresolved: Refusal[] = [];
  let refusal: Refusal | undefined;
  for (const [i, ref] of (rule.backendRefs ?? []).entries()) {
    const place = `${field}.backendRefs[${i}]`;
    const resolved = resolveBackend(route, ref, place, needsGrant, context);
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
  return { backends, refusal, unresolved };
}

function checkRedirect(rule: HTTPRouteRule, field: string): Refusal | undefined {
  return (rule.backendRefs ?? []).length === 0
    ? undefined
    : { reason: 'IncompatibleFilters', message: `${field}: a redirect has no backendRefs` };
}

function reportSilence(
  route: HTTPRoute,
  backends: readonly WeightedBackend[],
  field: string,
  context: TranslateContext,
): void {
  if (backends.some(({ weight }) => weight > 0)) return;
  const message = backends.length === 0 ? 'the rule has no backendRefs' : 'all weights of the rule are 0';
  const at = backends.length === 0 ? field : `${field}.backendRefs`;
  context.report('SLU0221', route, { field: at, message: `${message}: it answers 500` });
}
