// Upstream CRDs and OpenAPI definitions -> one structural schema per served kind, with every reference written out.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KindSchema, Schema } from '../validate/schema.ts';
import { OVERLAYS } from './overlay.ts';

const PACKAGE = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
const CORE_KINDS = [
  {
    kind: 'Service',
    group: '',
    definition: 'io.k8s.api.core.v1.Service',
    plural: 'services',
    namespaced: true,
  },
  {
    kind: 'ConfigMap',
    group: '',
    definition: 'io.k8s.api.core.v1.ConfigMap',
    plural: 'configmaps',
    namespaced: true,
  },
  { kind: 'Secret', group: '', definition: 'io.k8s.api.core.v1.Secret', plural: 'secrets', namespaced: true },
  {
    kind: 'Namespace',
    group: '',
    definition: 'io.k8s.api.core.v1.Namespace',
    plural: 'namespaces',
    namespaced: false,
  },
  {
    kind: 'EndpointSlice',
    group: 'discovery.k8s.io',
    definition: 'io.k8s.api.discovery.v1.EndpointSlice',
    plural: 'endpointslices',
    namespaced: true,
  },
];

/** As resources/generate/vendor.ts writes it. */
interface VendoredCrd {
  readonly kind: string;
  readonly group: string;
  readonly plural: string;
  readonly scope: string;
  readonly versions: readonly string[];
  readonly openAPIV3Schema: Schema;
}

/** A node of an OpenAPI document: a Schema that may refer to definitions. */
interface OpenApiNode extends Omit<Schema, 'properties' | 'items' | 'additionalProperties'> {
  readonly $ref?: string;
  readonly allOf?: readonly OpenApiNode[];
  readonly properties?: Readonly<Record<string, OpenApiNode>>;
  readonly items?: OpenApiNode;
  readonly additionalProperties?: OpenApiNode;
}

type Definitions = Readonly<Record<string, OpenApiNode>>;

/** A Schema in which nodes that came from a definition carry its name, for the interfaces. */
export interface NamedSchema extends Schema {
  readonly 'x-name'?: string;
}

/** Reads resources/crd; sorted by kind. The schemas still hold `status`. */
export function readKinds(directory: string): readonly KindSchema[] {
  const openapi = JSON.parse(readFileSync(join(directory, 'kubernetes.json'), 'utf8')) as {
    definitions: Definitions;
  };
  const metadata = inline(
    openapi.definitions[`${PACKAGE}ObjectMeta`] ?? {},
    openapi.definitions,
    'ObjectMeta',
  );
  const custom = readdirSync(directory)
    .filter((name) => name.startsWith('gateway.networking.k8s.io_'))
    .map((name) =>
      customKind(JSON.parse(readFileSync(join(directory, name), 'utf8')) as VendoredCrd, metadata),
    );
  const core = CORE_KINDS.map(({ definition, ...rest }) => ({
    ...rest,
    versions: ['v1'],
    schema: withMetadata(
      inline(openapi.definitions[definition] ?? {}, openapi.definitions, rest.kind),
      metadata,
    ),
  }));
  return [...custom, ...core].sort((a, b) => (a.kind < b.kind ? -1 : 1));
}

function customKind(crd: VendoredCrd, metadata: Schema): KindSchema {
  return {
    kind: crd.kind,
    group: crd.group,
    versions: crd.versions,
    plural: crd.plural,
    namespaced: crd.scope === 'Namespaced',
    schema: withMetadata(crd.openAPIV3Schema, metadata),
  };
}

function withMetadata(schema: Schema, metadata: Schema): Schema {
  const required = new Set(['apiVersion', 'kind', 'metadata', ...(schema.required ?? [])]);
  return { ...schema, properties: { ...schema.properties, metadata }, required: [...required] };
}

/** Replaces references by what they refer to, and adds what OpenAPI does not say. */
function inline(node: OpenApiNode, definitions: Definitions, name?: string): NamedSchema {
  const reference = node.$ref ?? node.allOf?.[0]?.$ref;
  if (reference !== undefined) {
    const full = reference.split('/').at(-1) ?? '';
    const target = definitions[full];
    if (target === undefined) throw new Error(`no definition ${full}`);
    const inlined = inline(target, definitions, full.split('.').at(-1));
    return node.description === undefined ? inlined : { ...inlined, description: node.description };
  }
  if (node.format === 'int-or-string')
    return { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] };
  const {
    $ref: _ref,
    allOf: _allOf,
    properties,
    items,
    additionalProperties,
    default: value,
    ...rest
  } = node;
  const schema: NamedSchema = {
    ...rest,
    ...(name === undefined || properties === undefined ? {} : { 'x-name': name }),
    ...(isZero(value) ? {} : { default: value }),
    ...(items === undefined ? {} : { items: inline(items, definitions) }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: inline(additionalProperties, definitions) }),
    ...(properties === undefined ? {} : { properties: mapValues(properties, (p) => inline(p, definitions)) }),
    // FieldsV1 and its like: an object of which nothing is said.
    ...(name === 'FieldsV1' ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
  };
  const overlay = name === undefined ? undefined : OVERLAYS[name];
  return overlay === undefined ? schema : merge(schema, overlay);
}

/** OpenAPI prints Go's zero values as defaults of required fields; applied, they would hide that a field is missing. */
function isZero(value: unknown): boolean {
  return value === undefined || value === '' || value === 0 || JSON.stringify(value) === '{}';
}

function merge(schema: NamedSchema, overlay: Schema): NamedSchema {
  const properties: Record<string, Schema> = { ...schema.properties };
  for (const [key, value] of Object.entries(overlay.properties ?? {})) {
    const base = properties[key];
    if (base === undefined)
      throw new Error(`overlay of ${schema['x-name'] ?? '?'} names ${key}, which OpenAPI lacks`);
    properties[key] = merge(base, value);
  }
  return {
    ...schema,
    ...overlay,
    ...(schema.properties === undefined ? {} : { properties }),
    ...(overlay.items === undefined ? {} : { items: merge(schema.items ?? {}, overlay.items) }),
    ...(overlay.required === undefined
      ? {}
      : { required: [...(schema.required ?? []), ...overlay.required] }),
  };
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
