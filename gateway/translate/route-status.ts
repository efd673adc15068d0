// What a Route's status says about one parent, and the finding when that parent refuses it.
import type { TranslateContext } from './context.ts';
import type { RouteObject } from './route-object.ts';
import type { TranslatedRules } from './rule.ts';
import type { ParentRefusal } from './service-frontend.ts';
import { conditionsFor, type StatusCondition } from './status.ts';

const CODES = {
  NoMatchingParent: 'SLU0208',
  NotAllowedByListeners: 'SLU0209',
  NoMatchingListenerHostname: 'SLU0210',
  Conflicted: 'SLU0229',
} as const;

/** `refusal`: why the parent does not take the Route at all. */
export function routeConditions(
  route: RouteObject,
  { rules, count, refused, unresolved }: TranslatedRules,
  refusal: ParentRefusal | undefined,
): readonly StatusCondition[] {
  const conditions = conditionsFor(route);
  const [first] = refused;
  const dropped = refused.map(({ index, message }) => `${index} (${message})`).join(', ');
  const accepted =
    refusal !== undefined
      ? conditions.fails('Accepted', refusal)
      : first !== undefined && refused.length === count
        ? conditions.fails('Accepted', { reason: first.reason, message: `No rule is served: ${dropped}` })
        : conditions.holds('Accepted', 'Accepted');
  const [problem] = unresolved;
  const resolved =
    problem === undefined
      ? conditions.holds('ResolvedRefs', 'ResolvedRefs')
      : conditions.fails('ResolvedRefs', {
          reason: problem.reason,
          message: unresolved.map(({ message }) => message).join('; '),
        });
  const partial = refusal === undefined && refused.length > 0 && refused.length < count && rules.length > 0;
  return [
    accepted,
    resolved,
    ...(partial
      ? [
          conditions.holds(
            'PartiallyInvalid',
            'UnsupportedValue',
            `Dropped Rule ${dropped}; requests that match it get 500`,
          ),
        ]
      : []),
  ];
}

/** "Accepted" asks for at least one rule that is served, unless there is none at all. */
export function isAccepted({ refused, count }: TranslatedRules): boolean {
  return count === 0 || refused.length < count;
}

/** `index` is the parentRef's. */
export function reportRefusal(
  route: RouteObject,
  index: number,
  refusal: ParentRefusal,
  context: TranslateContext,
): void {
  const { reason, message, field, mend } = refusal;
  const code = refusal.code ?? CODES[reason as keyof typeof CODES] ?? 'SLU0208';
  const place = reason === 'NoMatchingListenerHostname' ? 'spec.hostnames' : `spec.parentRefs[${index}]`;
  context.report(code, route, {
    field: field === undefined ? place : `${place}.${field}`,
    message,
    ...(mend === undefined ? {} : { mend }),
  });
}
