// HTTPRouteFilter -> Filter. What is not served is never skipped: the rule says so and answers 500 (HTTPRouteFilter.type).
import type { GRPCRouteFilter } from '#resources/type/grpc-route.gen';
import type { HTTPRouteFilter } from '#resources/type/http-route.gen';
import { parseHeaderModifier } from '../filter/headers/config.ts';
import type { ParsedFilter } from '../filter/issue.ts';
import { parseRedirect } from '../filter/redirect/config.ts';
import { parseRewrite } from '../filter/rewrite/config.ts';
import type { Filter } from '../model/route.ts';
import type { TranslateContext } from './context.ts';
import type { RequestRoute } from './route-object.ts';
import type { Refusal } from './status.ts';

/** GRPCRoutes know fewer. */
type RouteFilter =
  | HTTPRouteFilter
  | (GRPCRouteFilter & Pick<HTTPRouteFilter, 'requestRedirect' | 'urlRewrite'>);

export interface TranslatedFilters {
  readonly filters: readonly Filter[];
  /** Why the rule cannot be served; reported already. */
  readonly refusal: Refusal | undefined;
}

export interface FilterPlace {
  /** Path of the list of filters in the Route. */
  readonly field: string;
  readonly of: 'rule' | 'backend';
  /** The only prefix that the rule matches, or undefined. */
  readonly prefix: string | undefined;
}

/** In the order written. */
export function translateFilters(
  route: RequestRoute,
  written: readonly RouteFilter[],
  place: FilterPlace,
  context: TranslateContext,
): TranslatedFilters {
  const filters: Filter[] = [];
  let refusal: Refusal | undefined;
  const refuse = (
    code: 'SLU0211' | 'SLU0212' | 'SLU0213',
    field: string,
    message: string,
    mend?: string,
  ): void => {
    context.report(code, route, {
      field: `${place.field}${field}`,
      message,
      ...(mend === undefined ? {} : { mend }),
    });
    const reason = code === 'SLU0213' ? 'IncompatibleFilters' : 'UnsupportedValue';
    refusal ??= { reason, message: `${place.field}${field}: ${message}` };
  };
  for (const [index, one] of written.entries()) {
    const parsed = parseFilter(one, place);
    if (parsed === undefined) {
      const where = place.of === 'rule' ? '' : ' in a backendRef';
      refuse('SLU0211', `[${index}].type`, `filter ${one.type} is not served${where}`);
      continue;
    }
    for (const { field, message, mend } of parsed.issues)
      refuse('SLU0212', `[${index}].${field}`, message, mend);
    filters.push(parsed.filter);
  }
  const clash = findClash(written);
  if (clash !== undefined) refuse('SLU0213', '', clash);
  return { filters, refusal };
}

/** Undefined for a type that is not served here. */
function parseFilter(filter: RouteFilter, { of, prefix }: FilterPlace): ParsedFilter<Filter> | undefined {
  switch (filter.type) {
    case 'RequestHeaderModifier': {
      const parsed = parseHeaderModifier(filter.requestHeaderModifier ?? {}, 'requestHeaderModifier');
      return { filter: { kind: 'request-headers', ...parsed.filter }, issues: parsed.issues };
    }
    case 'ResponseHeaderModifier': {
      const parsed = parseHeaderModifier(filter.responseHeaderModifier ?? {}, 'responseHeaderModifier');
      return { filter: { kind: 'response-headers', ...parsed.filter }, issues: parsed.issues };
    }
    case 'RequestRedirect':
      // A redirect answers before a backend is chosen.
      return of === 'backend'
        ? undefined
        : parseRedirect(filter.requestRedirect ?? { statusCode: 302 }, prefix);
    case 'URLRewrite':
      return parseRewrite(filter.urlRewrite ?? {}, prefix);
    default:
      return undefined;
  }
}

/** "Specifying the same filter multiple times is not supported", and a redirect excludes a rewrite. */
function findClash(filters: readonly RouteFilter[]): string | undefined {
  const types: readonly string[] = filters.map(({ type }) => type);
  const repeated = types.find((type, index) => types.indexOf(type) !== index);
  if (repeated !== undefined) return `${repeated} stands here more than once`;
  return types.includes('RequestRedirect') && types.includes('URLRewrite')
    ? 'RequestRedirect and URLRewrite exclude each other'
    : undefined;
}
