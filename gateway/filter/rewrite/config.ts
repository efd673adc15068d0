// URLRewrite as written.
import type { HTTPURLRewriteFilter } from '#resources/type/http-route.gen';
import type { Filter } from '../../model/route.ts';
import type { ParsedFilter } from '../issue.ts';
import { parsePathModifier } from '../path-modifier.ts';

export type RewriteFilter = Extract<Filter, { kind: 'rewrite' }>;

/** `prefix` is the only prefix that the rule matches, or undefined. */
export function parseRewrite(
  rewrite: HTTPURLRewriteFilter,
  prefix: string | undefined,
): ParsedFilter<RewriteFilter> {
  const modifier = rewrite.path && parsePathModifier(rewrite.path, prefix, 'urlRewrite.path');
  return {
    filter: {
      kind: 'rewrite',
      ...(rewrite.hostname === undefined ? {} : { hostname: rewrite.hostname.toLowerCase() }),
      ...(modifier?.path === undefined ? {} : { path: modifier.path }),
    },
    issues: modifier?.issues ?? [],
  };
}
