// The route table against the plain definition of precedence: rules and requests are made of the bytes.
import type { Match, PathMatch, Rule, ValueMatch } from '../../model/route.ts';
import type { RequestView } from '../../route/request-view.ts';
import { compileTable } from '../../route/table.ts';
import { naiveMatch } from '../../route/testbed/naive-match.ts';
import { PRIVATE_COUNTERS } from '../../route/weight-counters.ts';
import { expect, type FuzzTarget } from '../target.ts';

const MOST_RULES = 24;
const REQUESTS = 12;
const ELEMENTS = ['a', 'b', 'ab', 'abc', 'A', '', '%2F', 'c.d'];
const REGEXES = ['/a.*', '/[ab]+', '/ab?', '.*/b', '/a|/b', '/', '(/a)?/b'];
const METHODS = ['GET', 'POST', 'DELETE'];
const NAMES = ['x', 'y', 'z'];
const VALUES = ['1', '2', '', '12'];

export const routes: FuzzTarget = {
  name: 'routes',
  seeds: [
    Buffer.from('0123456789abcdefghij'),
    Buffer.alloc(200, 7),
    Buffer.from(Array.from({ length: 160 }, (_, i) => (i * 37) & 255)),
  ],
  tokens: ['\0', '\x01\x02\x03', '\xff', 'aaaa'],
  run(input) {
    const bytes = new Supply(input);
    const rules = Array.from({ length: bytes.next(MOST_RULES) }, (_, index): Rule => ({
      route: 'default/r',
      index,
      matches: Array.from({ length: 1 + bytes.next(3) }, () => makeMatch(bytes)),
      filters: [],
      backends: [],
    }));
    const table = compileTable([{ hostname: '', rules }], PRIVATE_COUNTERS);
    for (let i = 0; i < REQUESTS; i++) {
      const view = makeRequest(bytes);
      const found = table.match(view)?.rule;
      const wanted = naiveMatch(rules, view);
      expect(
        found === wanted,
        `${view.method} ${view.path}?${view.query}: rule ${found?.index}, not ${wanted?.index}`,
      );
    }
  },
};

/** Numbers out of the input; 0 when it is used up. */
class Supply {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  next(limit: number): number {
    return (this.#bytes[this.#at++] ?? 0) % limit;
  }

  of<T>(all: readonly T[]): T {
    return all[this.next(all.length)]!;
  }
}

function makePath(bytes: Supply): string {
  return `/${Array.from({ length: bytes.next(4) }, () => bytes.of(ELEMENTS)).join('/')}`;
}

function makeMatch(bytes: Supply): Match {
  const method = bytes.next(2) === 0 ? {} : { method: bytes.of(METHODS) };
  return {
    path: makePathMatch(bytes),
    ...method,
    headers: makeConditions(bytes),
    query: makeConditions(bytes),
  };
}

function makePathMatch(bytes: Supply): PathMatch {
  const kind = bytes.next(3);
  if (kind === 0) return { kind: 'exact', value: makePath(bytes) };
  if (kind === 1) return { kind: 'regex', value: bytes.of(REGEXES) };
  // As translated: no slash at the end.
  return { kind: 'prefix', value: makePath(bytes).replace(/(?<=.)\/+$/, '') };
}

function makeConditions(bytes: Supply): ValueMatch[] {
  return NAMES.slice(0, bytes.next(3)).map((name) => ({ kind: 'exact', name, value: bytes.of(VALUES) }));
}

function makeRequest(bytes: Supply): RequestView {
  const headers = new Map(NAMES.filter(() => bytes.next(2) === 0).map((name) => [name, bytes.of(VALUES)]));
  const query = NAMES.filter(() => bytes.next(2) === 0).map((name) => [name, bytes.of(VALUES)]);
  return {
    method: bytes.of(METHODS),
    host: 'h',
    path: makePath(bytes),
    query: new URLSearchParams(query).toString(),
    header: (name) => headers.get(name),
  };
}
