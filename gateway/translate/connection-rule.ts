// The one rule of a TLSRoute, TCPRoute or UDPRoute: where its connections go.
import { resolveBackend, type Reach } from './backend-ref.ts';
import type { TranslateContext } from './context.ts';
import type { ConnectionRoute } from './route-object.ts';
import type { TranslatedRules } from './rule.ts';

export function translateConnectionRule(
  route: ConnectionRoute,
  reach: Reach,
  context: TranslateContext,
): TranslatedRules {
  const resolved = route.spec.rules.flatMap(({ backendRefs }, rule) =>
    backendRefs.map((ref, index) =>
      resolveBackend(route, ref, `spec.rules[${rule}].backendRefs[${index}]`, reach, context),
    ),
  );
  if (resolved.every(({ backend }) => backend.weight === 0)) {
    context.report('SLU0221', route, {
      field: 'spec.rules[0].backendRefs',
      message: 'all weights of the rule are 0: it refuses every connection',
    });
  }
  return {
    rules: [],
    backends: resolved.map(({ backend }) => backend),
    count: route.spec.rules.length,
    refused: [],
    unresolved: resolved.flatMap(({ refusal }) => refusal ?? []),
    policies: new Set(resolved.flatMap(({ policy }) => policy ?? [])),
  };
}
