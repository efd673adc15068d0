// From files to one state: which place of an object counts, when it was first seen, and how often its content changed.
import type { Finding } from '../finding.ts';
import { EMPTY_RESOURCES, type Kind, type ResourceObject, type Resources } from '../store/resources.ts';
import { duplicate, type ManifestFile, type ManifestObject } from './manifest-file.ts';
import type { SourceResult } from './source.ts';

const LISTS: Readonly<Record<Kind, keyof Resources>> = {
  GatewayClass: 'gatewayClasses',
  Gateway: 'gateways',
  HTTPRoute: 'httpRoutes',
  GRPCRoute: 'grpcRoutes',
  TLSRoute: 'tlsRoutes',
  TCPRoute: 'tcpRoutes',
  UDPRoute: 'udpRoutes',
  BackendTLSPolicy: 'backendTlsPolicies',
  ReferenceGrant: 'referenceGrants',
  Service: 'services',
  EndpointSlice: 'endpointSlices',
  Secret: 'secrets',
  ConfigMap: 'configMaps',
  Namespace: 'namespaces',
};

interface Entry {
  readonly source: ManifestObject;
  readonly object: ResourceObject;
  readonly created: string;
  readonly generation: number;
}

export class ObjectTable {
  #entries: ReadonlyMap<string, Entry> = new Map();
  #resources: Resources = EMPTY_RESOURCES;
  #lastStamp = 0;

  /**
   * The whole state: files in the order that decides between duplicates (an object that is served already keeps its
   * place). Objects first seen together get one creationTimestamp, so that the API's next rule, order by name, decides
   * between them as it does after a restart; objects first seen later are younger by at least a second.
   */
  update(files: readonly ManifestFile[]): SourceResult {
    const findings: Finding[] = files.flatMap((file) => file.findings);
    const chosen = this.#choose(files, findings);
    const created = this.#nextStamp();
    const entries = new Map<string, Entry>();
    for (const [key, source] of chosen) {
      const before = this.#entries.get(key);
      entries.set(
        key,
        before?.source.value === source.value ? { ...before, source } : makeEntry(source, before, created),
      );
    }
    if ([...entries.values()].some((entry) => entry.created === created))
      this.#lastStamp = Date.parse(created);
    this.#entries = entries;
    this.#resources = collect(entries, this.#resources);
    return { resources: this.#resources, findings: findings.sort(byPlace) };
  }

  /** Where the object of that key was read, while it is served. */
  find(key: string): ManifestObject | undefined {
    return this.#entries.get(key)?.source;
  }

  #choose(files: readonly ManifestFile[], findings: Finding[]): ReadonlyMap<string, ManifestObject> {
    const chosen = new Map<string, ManifestObject>();
    for (const object of files.flatMap((file) => file.objects)) {
      const other = chosen.get(object.key);
      const keeps = this.#entries.get(object.key)?.source.file;
      if (other === undefined || (object.file === keeps && other.file !== keeps))
        chosen.set(object.key, object);
      if (other !== undefined)
        findings.push(
          chosen.get(object.key) === object ? duplicate(other, object) : duplicate(object, other),
        );
    }
    return chosen;
  }

  /** In whole seconds, as the API server writes them, and never the same twice. */
  #nextStamp(): string {
    return timestamp(Math.max(Math.floor(Date.now() / 1000) * 1000, this.#lastStamp + 1000));
  }
}

function makeEntry(source: ManifestObject, before: Entry | undefined, created: string): Entry {
  const metadata = source.value['metadata'] as Readonly<Record<string, unknown>>;
  const written = metadata['creationTimestamp'];
  const entry = {
    source,
    created: typeof written === 'string' ? timestamp(Date.parse(written)) : (before?.created ?? created),
    generation: generationOf(source, before),
  };
  const object = Object.freeze({
    ...source.value,
    metadata: Object.freeze({ ...metadata, creationTimestamp: entry.created, generation: entry.generation }),
  });
  return { ...entry, object: object as unknown as ResourceObject };
}

/** Grows when something else than metadata changed. */
function generationOf(source: ManifestObject, before: Entry | undefined): number {
  if (before === undefined) return 1;
  const { metadata: _new, ...now } = source.value;
  const { metadata: _old, ...then } = before.source.value;
  return before.generation + (JSON.stringify(now) === JSON.stringify(then) ? 0 : 1);
}

function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Lists in order; a list in which nothing changed stays the same array, and so does the whole. */
function collect(entries: ReadonlyMap<string, Entry>, before: Resources): Resources {
  const lists = new Map<keyof Resources, ResourceObject[]>();
  for (const { object } of entries.values()) {
    const name = LISTS[object.kind];
    const list = lists.get(name);
    if (list === undefined) lists.set(name, [object]);
    else list.push(object);
  }
  let changed = false;
  const resources = Object.fromEntries(
    Object.values(LISTS).map((name) => {
      const old: readonly ResourceObject[] = before[name];
      const list = (lists.get(name) ?? []).sort(byName);
      if (list.length === old.length && list.every((object, index) => object === old[index]))
        return [name, old];
      changed = true;
      return [name, Object.freeze(list)];
    }),
  );
  return changed ? Object.freeze(resources as unknown as Resources) : before;
}

function byName(a: ResourceObject, b: ResourceObject): number {
  return (
    compare(a.metadata.namespace ?? '', b.metadata.namespace ?? '') ||
    compare(a.metadata.name, b.metadata.name)
  );
}

function byPlace(a: Finding, b: Finding): number {
  return (
    compare(a.file ?? '', b.file ?? '') || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
