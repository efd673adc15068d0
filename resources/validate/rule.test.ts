// Every CEL rule of every kind is broken once: the one that should speak up does, and alone.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { conform } from './conform.ts';
import { KINDS } from './kinds.gen.ts';
import { formatPath } from './problem.ts';
import { celValue, checkRules } from './rule.ts';
import type { KindSchema, Schema } from './schema.ts';

interface Broken {
  readonly objects: Readonly<Record<string, object>>;
  readonly filters: Readonly<Record<string, readonly object[]>>;
}

const source = readFileSync(join(import.meta.dirname, 'testdata/broken-rules.yaml'), 'utf8')
  .replaceAll('${253}', `a.${'b'.repeat(252)}`)
  .replaceAll('"${129}"', `[${'{}, '.repeat(129)}]`);
const broken = parse(source) as Broken;
/** Rules that cannot be broken without breaking these too. */
const COMPANIONS: Readonly<Record<string, readonly string[]>> = {
  "HTTPRoute.spec.rules[].matches[].path: must not contain '#' when type one of ['Exact', 'PathPrefix']": [
    'must only contain valid characters',
  ],
};

/** Kinds whose rules have filters; GRPCRoutes know fewer. */
const FILTERING = ['HTTPRoute', 'GRPCRoute'];
const RULES = KINDS.flatMap((kind) => [...namesOfRules(kind.schema, kind.kind)]);

for (const [name, fields] of Object.entries(broken.objects)) testRule(name, fields);
for (const [name, filters] of Object.entries(broken.filters)) {
  for (const kind of FILTERING) {
    if (!hasRule(kind, name)) continue;
    testRule(`${kind}.spec.rules[].filters${name}`, { spec: { rules: [{ filters }] } });
    testRule(`${kind}.spec.rules[].backendRefs[].filters${name}`, {
      spec: { rules: [{ backendRefs: [{ name: 'a', port: 1, filters }] }] },
    });
  }
}

test('every rule of every kind is tested above', () => {
  const tested = [
    ...Object.keys(broken.objects),
    ...Object.keys(broken.filters).flatMap((name) =>
      FILTERING.filter((kind) => hasRule(kind, name)).flatMap((kind) => [
        `${kind}.spec.rules[].filters${name}`,
        `${kind}.spec.rules[].backendRefs[].filters${name}`,
      ]),
    ),
  ];
  assert.deepEqual(tested.sort(), RULES.toSorted());
  assert.equal(RULES.length, 175);
});

test('a rule that cannot be decided does not hold', () => {
  const schema: Schema = { 'x-kubernetes-validations': [{ rule: 'self.missing > 0', message: 'm' }] };
  assert.deepEqual(checkRules(schema, {}), [
    { code: 'SLU0106', path: [], message: 'm (No such key: missing)' },
  ]);
});

test('reserved words and signs in field names are escaped, keys of maps are not', () => {
  const schema: Schema = {
    properties: {
      namespace: { type: 'string' },
      'a-b': { type: 'integer' },
      map: { additionalProperties: { type: 'integer' } },
    },
  };
  assert.deepEqual(celValue(schema, { namespace: 'x', 'a-b': 1, map: { 'c-d': 2 } }), {
    __namespace__: 'x',
    a__dash__b: 1n,
    map: { 'c-d': 2n },
  });
});

function hasRule(kind: string, filter: string): boolean {
  return RULES.includes(`${kind}.spec.rules[].filters${filter}`);
}

function testRule(name: string, fields: object): void {
  test(`breaks ${name}`, () => {
    const kind = KINDS.find((one) => one.kind === /^\w+/.exec(name)?.[0]);
    assert.ok(kind !== undefined);
    assert.deepEqual(speakers(kind, fields), [name]);
  });
}

/** The rules that do not hold, as `path: message`. */
function speakers(kind: KindSchema, fields: object): readonly string[] {
  const value = { apiVersion: 'v1', kind: kind.kind, metadata: { name: 'x' }, ...structuredClone(fields) };
  conform(kind.schema, value, [], []);
  const found = checkRules(kind.schema, value).map((problem) => {
    const path = formatPath(problem.path).replaceAll(/\[\d+\]/g, '[]');
    // "m (why it could not be decided)" is named as "m".
    const message = problem.message.replace(/ \(No such key: [^)]*\)$/, '');
    return `${kind.kind}${path === '' ? '' : `.${path}`}: ${message}`;
  });
  return found.filter(
    (name) =>
      !found.some((other) => COMPANIONS[other]?.some((message) => name.includes(`: ${message}`)) === true),
  );
}

function* namesOfRules(schema: Schema, path: string): Iterable<string> {
  for (const rule of schema['x-kubernetes-validations'] ?? []) yield `${path}: ${rule.message ?? rule.rule}`;
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    yield* namesOfRules(property, `${path}.${name}`);
  if (schema.items !== undefined) yield* namesOfRules(schema.items, `${path}[]`);
  if (schema.additionalProperties !== undefined)
    yield* namesOfRules(schema.additionalProperties, `${path}{}`);
}
