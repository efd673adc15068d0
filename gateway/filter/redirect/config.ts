// RequestRedirect as written.
import type { HTTPRequestRedirectFilter } from '#resources/type/http-route.gen';
import type { Filter } from '../../model/route.ts';
import type { FilterIssue, ParsedFilter } from '../issue.ts';
import { parsePathModifier } from '../path-modifier.ts';

export type RedirectFilter = Extract<Filter, { kind: 'redirect' }>;

const STATUSES: readonly number[] = [301, 302, 303, 307, 308];

/** `prefix` is the only prefix that the rule matches, or undefined. */
export function parseRedirect(
  redirect: HTTPRequestRedirectFilter,
  prefix: string | undefined,
): ParsedFilter<RedirectFilter> {
  const issues: FilterIssue[] = [];
  const status = redirect.statusCode ?? 302;
  if (!STATUSES.includes(status)) {
    issues.push({
      field: 'requestRedirect.statusCode',
      message: `${String(status)} is not a redirect`,
      mend: `write one of ${STATUSES.join(', ')}`,
    });
  }
  const { scheme } = redirect;
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') {
    issues.push({
      field: 'requestRedirect.scheme',
      message: `${JSON.stringify(scheme)} is not served`,
      mend: 'write http or https',
    });
  }
  const modifier = redirect.path && parsePathModifier(redirect.path, prefix, 'requestRedirect.path');
  issues.push(...(modifier?.issues ?? []));
  return {
    filter: {
      kind: 'redirect',
      status,
      ...(scheme === undefined ? {} : { scheme }),
      ...(redirect.hostname === undefined ? {} : { hostname: redirect.hostname.toLowerCase() }),
      ...(redirect.port === undefined ? {} : { port: redirect.port }),
      ...(modifier?.path === undefined ? {} : { path: modifier.path }),
    },
    issues,
  };
}
