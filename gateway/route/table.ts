// The route table: which Rule a request belongs to, by the precedence of the Gateway API (HTTPRoute v1).
//
//   hostname   exact > longest wildcard > any. Only the most specific hostname's rules are asked: a request that none of
//              them matches gets 404, even if a wildcard's rule would match it.
//   path       exact > regular expression > longest prefix. (The API leaves the place of regexes open; this is also where
//              Envoy Gateway, Contour and NGINX put them, because prefixes serve as catch-alls.)
//              A gRPC method of any service comes after every service and before what takes all paths (GRPCRoute v1).
//   then       with a method > without; more header matches; more query matches; older Route; earlier rule.
//
// Compiled once per Snapshot, off the hot path; matching allocates nothing on its own.
import type { Match, Rule, ValueMatch, VirtualHost } from '../model/route.ts';
import { CompiledRule } from './compiled-rule.ts';
import { HostIndex } from './host-index.ts';
import { PathTrie } from './path-trie.ts';
import { Predicate } from './predicate.ts';
import { compileRegex, literalPrefix } from './regex.ts';
import type { RequestView } from './request-view.ts';
import type { WeightCounters } from './weight-counters.ts';

/** One Match of one Rule, without its path. */
interface Candidate {
  readonly method: string | undefined;
  /** With its slash: the last of exactly two elements of the path (gRPC). */
  readonly lastElement: string | undefined;
  /** Headers first: reading them is cheaper. */
  readonly predicates: readonly Predicate[];
  readonly rule: CompiledRule;
}

interface RegexCandidate extends Candidate {
  readonly regex: RegExp;
  /** Every match starts with it: compared before the regex runs. */
  readonly literal: string;
}

/** Each list in order of precedence. */
interface HostRoutes {
  /** Undefined when empty: looking up hashes the path. */
  readonly exact: ReadonlyMap<string, readonly Candidate[]> | undefined;
  readonly regexes: readonly RegexCandidate[];
  readonly prefixes: PathTrie<readonly Candidate[]>;
}

export class RouteTable {
  readonly #hosts: HostIndex<HostRoutes>;

  constructor(hosts: HostIndex<HostRoutes>) {
    this.#hosts = hosts;
  }

  /** The rule that serves the request, or undefined: 404 (failure NO_ROUTE). */
  match(request: RequestView): CompiledRule | undefined {
    const routes = this.#hosts.find(request.host);
    if (routes === undefined) return undefined;
    const { path } = request;
    const exact = routes.exact?.get(path);
    if (exact !== undefined) {
      const rule = firstThatHolds(exact, request);
      if (rule !== undefined) return rule;
    }
    const { regexes } = routes;
    for (let i = 0; i < regexes.length; i++) {
      const candidate = regexes[i];
      if (candidate === undefined || !path.startsWith(candidate.literal)) continue;
      if (candidate.regex.test(path) && holds(candidate, request)) return candidate.rule;
    }
    let prefix = routes.prefixes.find(path);
    for (; prefix !== undefined; prefix = prefix.shorter) {
      const rule = firstThatHolds(prefix.value, request);
      if (rule !== undefined) return rule;
    }
    return undefined;
  }
}

/** `hosts` of one Listener or ServiceFrontend, in order of precedence; each Rule is compiled once however often it appears. */
export function compileTable(
  hosts: readonly VirtualHost[],
  counters: WeightCounters,
  seriesOf: (route: string) => number = () => 0,
): RouteTable {
  const compiled = new Map<Rule, CompiledRule>();
  const compileRule = (rule: Rule): CompiledRule => {
    const known = compiled.get(rule) ?? new CompiledRule(rule, counters, seriesOf(rule.route));
    compiled.set(rule, known);
    return known;
  };
  return new RouteTable(
    new HostIndex(hosts.map((host) => [host.hostname, compileHost(host.rules, compileRule)] as const)),
  );
}

function compileHost(rules: readonly Rule[], compileRule: (rule: Rule) => CompiledRule): HostRoutes {
  const exact = new Map<string, Candidate[]>();
  const prefixes = new Map<string, Candidate[]>();
  const regexes: RegexCandidate[] = [];
  const matches = rules.flatMap((rule) => rule.matches.map((match) => ({ rule, match })));
  // The sort is stable: equals stay in the order given, which is by age of the Route and then as written.
  for (const { rule, match } of matches.sort((a, b) => compareMatches(a.match, b.match))) {
    const candidate = compileCandidate(match, compileRule(rule));
    const { kind, value } = match.path;
    if (kind === 'regex') {
      regexes.push({ ...candidate, regex: compileRegex(value), literal: literalPrefix(value) });
    } else {
      const paths = kind === 'exact' ? exact : prefixes;
      // A gRPC method of any service is sought where every path comes by last, before what takes all of them.
      const key = kind === 'method' ? '/' : value;
      const candidates = paths.get(key);
      if (candidates === undefined) paths.set(key, [candidate]);
      else candidates.push(candidate);
    }
  }
  return { exact: exact.size > 0 ? exact : undefined, regexes, prefixes: new PathTrie(prefixes) };
}

/** Precedence among matches of equal paths. */
function compareMatches(a: Match, b: Match): number {
  return (
    Number(b.path.kind === 'method') - Number(a.path.kind === 'method') ||
    Number(b.method !== undefined) - Number(a.method !== undefined) ||
    b.headers.length - a.headers.length ||
    b.query.length - a.query.length
  );
}

function compileCandidate(match: Match, rule: CompiledRule): Candidate {
  const compile = (place: 'header' | 'query') => (value: ValueMatch) =>
    new Predicate(place, value, value.kind === 'regex' ? compileRegex(value.value) : undefined);
  const predicates = [...match.headers.map(compile('header')), ...match.query.map(compile('query'))];
  const { path } = match;
  const lastElement = path.kind === 'method' ? `/${path.value}` : undefined;
  return { method: match.method, lastElement, predicates, rule };
}

function firstThatHolds(candidates: readonly Candidate[], request: RequestView): CompiledRule | undefined {
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i];
    if (candidate !== undefined && holds(candidate, request)) return candidate.rule;
  }
  return undefined;
}

function holds(candidate: Candidate, request: RequestView): boolean {
  if (candidate.method !== undefined && candidate.method !== request.method) return false;
  const { lastElement, predicates } = candidate;
  if (lastElement !== undefined && !isSecondAndLast(lastElement, request.path)) return false;
  for (let i = 0; i < predicates.length; i++) {
    if (predicates[i]?.holds(request) === false) return false;
  }
  return true;
}

function isSecondAndLast(element: string, path: string): boolean {
  return path.endsWith(element) && path.indexOf('/', 1) === path.length - element.length;
}
