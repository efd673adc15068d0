// Cuts the upstream Gateway API CRDs and the Kubernetes OpenAPI document down to what Sluice serves, into resources/crd/.
// Run when a bundle version changes: node resources/generate/main.ts --vendor GATEWAY_API_MODULE KUBERNETES_MODULE
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

/**
 * The standard channel: what a cluster has unless its operator chose otherwise, so a directory that loads here also
 * loads there. Fields of the experimental channel are unknown fields.
 */
const CHANNEL = 'standard';
const CRDS = [
  'backendtlspolicies',
  'gatewayclasses',
  'gateways',
  'grpcroutes',
  'httproutes',
  'referencegrants',
  'tcproutes',
  'tlsroutes',
  'udproutes',
];
const CORE = 'api/openapi-spec/v3/api__v1_openapi.json';
const DISCOVERY = 'api/openapi-spec/v3/apis__discovery.k8s.io__v1_openapi.json';
const SWAGGER = 'api/openapi-spec/swagger.json';
const GVK = 'x-kubernetes-group-version-kind';
const ROOTS = [
  [CORE, 'io.k8s.api.core.v1.Service'],
  [CORE, 'io.k8s.api.core.v1.Secret'],
  [CORE, 'io.k8s.api.core.v1.ConfigMap'],
  [CORE, 'io.k8s.api.core.v1.Namespace'],
  [DISCOVERY, 'io.k8s.api.discovery.v1.EndpointSlice'],
] as const;
const OUTPUT = join(import.meta.dirname, '../crd');

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

interface CustomResourceDefinition {
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { openAPIV3Schema: Json };
    }[];
  };
}

/** `gatewayApi` and `kubernetes` are directories of unpacked Go modules, for example .../kubernetes@v1.36.3. */
export function vendor(gatewayApi: string, kubernetes: string): void {
  mkdirSync(OUTPUT, { recursive: true });
  for (const plural of CRDS) vendorCrd(gatewayApi, plural);
  vendorOpenApi(kubernetes);
  vendorKindNames(gatewayApi, kubernetes);
  vendorExamples(gatewayApi);
}

/** The examples that upstream tests with, as they are: what must load, and what must not. */
function vendorExamples(module: string): void {
  const read = (directory: string): Json =>
    Object.fromEntries(
      readdirSync(join(module, directory), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.yaml'))
        .sort()
        .map((name) => [name, readFileSync(join(module, directory, name), 'utf8')]),
    );
  write('examples.json', {
    valid: read('examples/standard'),
    invalid: read('hack/invalid-examples/standard'),
  });
}

/** group/kind of everything that people may keep beside ours in a directory. */
function vendorKindNames(gatewayApi: string, kubernetes: string): void {
  const names = new Set([
    'apiextensions.k8s.io/CustomResourceDefinition',
    'apiregistration.k8s.io/APIService',
  ]);
  const swagger = JSON.parse(readFileSync(join(kubernetes, SWAGGER), 'utf8')) as {
    definitions: Record<string, { [GVK]?: { group: string; kind: string }[]; properties?: object }>;
  };
  for (const [name, definition] of Object.entries(swagger.definitions)) {
    if (!name.startsWith('io.k8s.api.') || !('metadata' in (definition.properties ?? {}))) continue;
    for (const { group, kind } of definition[GVK] ?? [])
      if (!kind.endsWith('List')) names.add(`${group}/${kind}`);
  }
  for (const channel of ['standard', 'experimental']) {
    const directory = join(gatewayApi, 'config/crd', channel);
    for (const file of readdirSync(directory).filter((name) => name.startsWith('gateway.networking.'))) {
      const crd = parseAllDocuments(
        readFileSync(join(directory, file), 'utf8'),
      )[0]?.toJS() as CustomResourceDefinition;
      if (crd.spec.names !== undefined) names.add(`${crd.spec.group}/${crd.spec.names.kind}`);
    }
  }
  write('known-kinds.json', [...names].sort());
}

function vendorCrd(module: string, plural: string): void {
  const file = join(module, 'config/crd', CHANNEL, `gateway.networking.k8s.io_${plural}.yaml`);
  const crd = parse(readFileSync(file, 'utf8')) as CustomResourceDefinition;
  const v1 = crd.spec.versions.find((version) => version.name === 'v1');
  if (v1 === undefined) throw new Error(`${file} has no version v1`);
  write(`gateway.networking.k8s.io_${plural}.json`, {
    name: crd.metadata.name,
    bundleVersion: crd.metadata.annotations['gateway.networking.k8s.io/bundle-version'] ?? '',
    channel: crd.metadata.annotations['gateway.networking.k8s.io/channel'] ?? '',
    group: crd.spec.group,
    kind: crd.spec.names.kind,
    plural: crd.spec.names.plural,
    scope: crd.spec.scope,
    // Also those that are only stored: an object converts by renaming (conversion strategy None) and is checked as v1.
    versions: ['v1', ...crd.spec.versions.map(({ name }) => name).filter((name) => name !== 'v1')],
    openAPIV3Schema: shorten(v1.schema.openAPIV3Schema),
  });
}

function vendorOpenApi(module: string): void {
  const version = /@(v[\d.]+)\/?$/.exec(module)?.[1];
  if (version === undefined) throw new Error(`${module} does not end in @vX.Y.Z`);
  const definitions: { [key: string]: Json } = {};
  for (const [file, root] of ROOTS) {
    const document = JSON.parse(readFileSync(join(module, file), 'utf8')) as {
      components: { schemas: Record<string, Json> };
    };
    collect(root, document.components.schemas, definitions);
  }
  write('kubernetes.json', { version, definitions });
}

/** Copies a definition and everything that it refers to. */
function collect(name: string, from: Readonly<Record<string, Json>>, into: { [key: string]: Json }): void {
  const definition = from[name];
  if (definition === undefined || name in into) return;
  into[name] = shorten(definition);
  JSON.stringify(definition, (key, value: unknown) => {
    if (key === '$ref') collect(String(value).split('/').at(-1) ?? '', from, into);
    return value;
  });
}

/** Cuts each description to its first sentence, or replaces it; a property that is called "description" is left alone. */
function shorten(value: Json, replacement?: string): Json {
  if (Array.isArray(value)) return value.map((item) => shorten(item, replacement));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) =>
      key === 'description' && typeof item === 'string'
        ? [key, replacement ?? firstSentence(item)]
        : [key, shorten(item, replacement)],
    ),
  );
}

function firstSentence(text: string): string {
  const paragraph = (text.split(/\n\s*\n/)[0] ?? '').replaceAll(/\s+/g, ' ').trim();
  const end = /[^.]\.(?= [A-Z])/.exec(paragraph.replaceAll(/\b(e\.g|i\.e|vs)\./g, '$1,'));
  return end === null ? paragraph : paragraph.slice(0, end.index + 2);
}

function write(name: string, content: Json): void {
  writeFileSync(join(OUTPUT, name), `${JSON.stringify(content, null, 1)}\n`);
}
