// HTTPRouteMatch -> Match: conditions in the form that requests are compared with.
import type { GRPCHeaderMatch } from '#resources/type/grpc-route.gen';
import type {
  HTTPHeaderMatch,
  HTTPPathMatch,
  HTTPQueryParamMatch,
  HTTPRoute,
  HTTPRouteMatch,
} from '#resources/type/http-route.gen';
import type { Match, PathMatch, ValueMatch } from '../model/route.ts';
import type { TranslateContext } from './context.ts';
import type { RequestRoute } from './route-object.ts';

const ANY_PATH: PathMatch = { kind: 'prefix', value: '/' };
const UNRESERVED = /[-A-Za-z0-9._~]/;

/** The Match, or undefined when a part of it cannot be evaluated, which has been reported. `field` is its path in the Route. */
export function translateMatch(
  route: HTTPRoute,
  match: HTTPRouteMatch,
  field: string,
  context: TranslateContext,
): Match | undefined {
  const prove = (source: string, place: string): boolean =>
    provesRegex(route, source, `${field}.${place}.value`, context);
  const path = translatePath(match.path);
  const headers = translateValues(match.headers ?? [], (name) => name.toLowerCase());
  const query = translateValues(match.queryParams ?? [], (name) => name);
  const valid = [
    path.kind !== 'regex' || prove(path.value, 'path'),
    ...headers.map(({ value, index }) => value.kind === 'exact' || prove(value.value, `headers[${index}]`)),
    ...query.map(({ value, index }) => value.kind === 'exact' || prove(value.value, `queryParams[${index}]`)),
  ].every(Boolean);
  if (!valid) return undefined;
  return {
    path,
    ...(match.method === undefined ? {} : { method: match.method }),
    headers: headers.map(({ value }) => value),
    query: query.map(({ value }) => value),
  };
}

/** Whether the regular expression at `field` may be used; else it has been reported. */
export function provesRegex(
  route: RequestRoute,
  source: string,
  field: string,
  context: TranslateContext,
): boolean {
  const refusal = context.proveRegex(source);
  if (refusal !== undefined) {
    const message = `${JSON.stringify(source)}: ${refusal.error}`;
    context.report('SLU0214', route, { field, message, mend: refusal.mend });
  }
  return refusal === undefined;
}

/** What a rule without matches matches: everything. */
export const ANY_MATCH: Match = { path: ANY_PATH, headers: [], query: [] };

/** The prefix that a rule's only match has, or undefined: what ReplacePrefixMatch replaces. */
export function onlyPrefix(matches: readonly HTTPRouteMatch[]): string | undefined {
  const [match] = matches;
  if (matches.length > 1) return undefined;
  const path = match === undefined ? ANY_PATH : translatePath(match.path);
  return path.kind === 'prefix' ? path.value : undefined;
}

function translatePath(path: HTTPPathMatch): PathMatch {
  const { type, value } = path;
  if (type === 'RegularExpression') return { kind: 'regex', value };
  const normal = normalizeEscapes(value);
  if (type === 'Exact') return { kind: 'exact', value: normal };
  return { kind: 'prefix', value: normal.replace(/\/+$/, '') || '/' };
}

/** Requests are compared in normal form (RFC 3986 section 6.2.2): %41 is A, %2f is %2F. */
function normalizeEscapes(path: string): string {
  return path.replaceAll(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const char = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return UNRESERVED.test(char) ? char : escape.toUpperCase();
  });
}

/** "If multiple entries specify equivalent names, only the first entry MUST be considered" (HTTPHeaderMatch.name). */
export function translateValues(
  matches: readonly (HTTPHeaderMatch | HTTPQueryParamMatch | GRPCHeaderMatch)[],
  nameOf: (name: string) => string,
): { value: ValueMatch; index: number }[] {
  const seen = new Set<string>();
  const values: { value: ValueMatch; index: number }[] = [];
  for (const [index, { type, name: written, value }] of matches.entries()) {
    const name = nameOf(written);
    if (seen.has(name)) continue;
    seen.add(name);
    values.push({ value: { kind: type === 'RegularExpression' ? 'regex' : 'exact', name, value }, index });
  }
  return values;
}
