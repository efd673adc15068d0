// GRPCRouteMatch -> Match. A gRPC request asks for the path /service/method, so that is what is matched (gRPC over HTTP2):
//
//   service and method   exact /service/method
//   service              prefix /service
//   method               the last of two elements, weaker than any service: "Characters in a matching service" come first
//   regular expressions  one for the whole path; where only one part is written, the other matches anything
import type { GRPCMethodMatch, GRPCRoute, GRPCRouteMatch } from '#resources/type/grpc-route.gen';
import type { Match, PathMatch } from '../model/route.ts';
import type { TranslateContext } from './context.ts';
import { ANY_MATCH, provesRegex, translateValues } from './match.ts';

const ANY_ELEMENT = '[^/]+';

/** The Match, or undefined when a part of it cannot be evaluated, which has been reported. `field` is its path in the Route. */
export function translateGrpcMatch(
  route: GRPCRoute,
  match: GRPCRouteMatch,
  field: string,
  context: TranslateContext,
): Match | undefined {
  const prove = (source: string, place: string): boolean =>
    provesRegex(route, source, `${field}.${place}`, context);
  const headers = translateValues(match.headers ?? [], (name) => name.toLowerCase());
  const { method } = match;
  const valid = [
    ...(method?.type === 'RegularExpression'
      ? [
          prove(method.service || ANY_ELEMENT, 'method.service'),
          prove(method.method || ANY_ELEMENT, 'method.method'),
        ]
      : []),
    ...headers.map(
      ({ value, index }) => value.kind === 'exact' || prove(value.value, `headers[${index}].value`),
    ),
  ].every(Boolean);
  if (!valid) return undefined;
  return { path: pathOf(method), headers: headers.map(({ value }) => value), query: [] };
}

/** Parts that are empty are as good as left out. */
function pathOf(written: GRPCMethodMatch | undefined): PathMatch {
  const { type, service = '', method = '' } = written ?? {};
  if (service === '' && method === '') return ANY_MATCH.path;
  if (type === 'RegularExpression')
    return { kind: 'regex', value: `/(?:${service || ANY_ELEMENT})/(?:${method || ANY_ELEMENT})` };
  if (service === '') return { kind: 'method', value: method };
  return method === ''
    ? { kind: 'prefix', value: `/${service}` }
    : { kind: 'exact', value: `/${service}/${method}` };
}
