// Generated files are what the generator would write now, and the generator lets nothing slip through.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { KINDS } from '../validate/kinds.gen.ts';
import type { KindSchema, Schema } from '../validate/schema.ts';
import { generate } from './generate.ts';
import { kindInterfaces } from './interface.ts';
import { validationModule } from './validation.ts';

const ROOT = join(import.meta.dirname, '../..');
const generated = generate(ROOT);

for (const [path, text] of generated.files)
  test(`${path} is current`, () => {
    assert.equal(readFileSync(join(ROOT, path), 'utf8'), text, 'run npm run generate');
  });

test('the kinds of the plan are served, in these versions', () => {
  assert.deepEqual(
    KINDS.map((kind) => `${kind.group}/${kind.kind} ${kind.versions.join(' ')}`),
    [
      'gateway.networking.k8s.io/BackendTLSPolicy v1 v1alpha3',
      '/ConfigMap v1',
      'discovery.k8s.io/EndpointSlice v1',
      'gateway.networking.k8s.io/GRPCRoute v1',
      'gateway.networking.k8s.io/Gateway v1 v1beta1',
      'gateway.networking.k8s.io/GatewayClass v1 v1beta1',
      'gateway.networking.k8s.io/HTTPRoute v1 v1beta1',
      '/Namespace v1',
      'gateway.networking.k8s.io/ReferenceGrant v1 v1beta1',
      '/Secret v1',
      '/Service v1',
      'gateway.networking.k8s.io/TCPRoute v1 v1alpha2',
      'gateway.networking.k8s.io/TLSRoute v1 v1alpha2 v1alpha3',
      'gateway.networking.k8s.io/UDPRoute v1 v1alpha2',
    ],
  );
});

test('every upstream rule is checked, but for the one whose reason is written down', () => {
  assert.equal(generated.validation.rules, 175);
  assert.deepEqual(
    generated.validation.excluded.map((line) => line.replace(/ \(.*/, '')),
    ['GatewayClass.spec.controllerName: self == oldSelf'],
  );
});

test('a rule that cannot be checked stops the generator', () => {
  assert.throws(
    () => validationModule([kindWith({ rule: 'self.newFunction()' })], [], ''),
    /X\.spec: rule cannot be checked; .*self\.newFunction/,
  );
  assert.throws(
    () => validationModule([kindWith({ rule: 'true', messageExpression: "'a'" })], [], ''),
    /X\.spec: rule with messageExpression, which is not understood/,
  );
});

test('two shapes under one name stop the generator', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      a: { type: 'object', properties: { x: { type: 'string' } } },
      b: { type: 'object', properties: { x: { type: 'integer' } } },
    },
  };
  const properties = { spec: { ...schema, properties: { parentRefs: listOf(schema, 'a'), rules: {} } } };
  const other = {
    ...properties,
    status: { type: 'object', properties: { parents: parents(schema) } },
  } as const;
  const kind: KindSchema = {
    ...kindWith({ rule: 'true' }),
    kind: 'HTTPRoute',
    schema: { type: 'object', properties: other },
  };
  assert.throws(() => kindInterfaces(kind, ''), /two different shapes are called ParentReference/);
});

test('a field with a default is always there, one without may be missing', () => {
  const text = generated.files.get('resources/type/http-route.gen.ts') ?? '';
  assert.match(text, /readonly weight: number;/);
  assert.match(text, /readonly matches: readonly HTTPRouteMatch\[\];/);
  assert.match(text, /readonly backendRefs\?: readonly BackendRef\[\];/);
  assert.match(text, /readonly status\?: HTTPRouteStatus;/);
});

function kindWith(rule: Readonly<Record<string, string>>): KindSchema {
  const spec = { type: 'object', 'x-kubernetes-validations': [rule as unknown as { rule: string }] } as const;
  return {
    kind: 'X',
    group: 'g',
    versions: ['v1'],
    plural: 'xs',
    namespaced: true,
    schema: { type: 'object', properties: { metadata: { type: 'object' }, spec } },
  };
}

function listOf(schema: Schema, name: string): Schema {
  return { type: 'array', items: schema.properties?.[name] ?? {} };
}

function parents(schema: Schema): Schema {
  return {
    type: 'array',
    items: { type: 'object', properties: { parentRef: schema.properties?.['b'] ?? {} } },
  };
}
