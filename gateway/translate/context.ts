// What every step of a translation shares: the resources by name, where to report findings, and the Clusters asked for.
import { makeFinding, type Finding } from '#resources/finding';
import type { FindingCode } from '#resources/finding-codes';
import { indexResources, objectName, type ResourceIndex } from '#resources/store/resource-index';
import type { ResourceObject, Resources } from '#resources/store/resources';
import type { Service, ServicePort } from '#resources/type/service.gen';
import type { RegexRefusal } from '../route/regex.ts';

/** A Service port that backendRefs name. */
export interface ClusterSource {
  readonly service: Service;
  readonly port: ServicePort;
}

interface FindingAt {
  readonly field?: string;
  readonly message: string;
  /** When something better than the general mend of the code is known. */
  readonly mend?: string;
  readonly level?: Finding['level'];
}

export interface TranslateContext {
  readonly index: ResourceIndex;
  readonly controllerName: string;
  readonly proveRegex: (source: string) => RegexRefusal | undefined;
  /** By name. */
  readonly clusters: Map<string, ClusterSource>;
  /** The same finding is kept once, however many parents bring it up. */
  report(code: FindingCode, object: ResourceObject, at: FindingAt): void;
  findings(): readonly Finding[];
}

export function createContext(
  resources: Resources,
  controllerName: string,
  proveRegex: (source: string) => RegexRefusal | undefined,
): TranslateContext {
  const findings = new Map<string, Finding>();
  return {
    index: indexResources(resources),
    controllerName,
    proveRegex,
    clusters: new Map(),
    report(code, object, at) {
      const finding = makeFinding(code, { object: objectName(object), ...at });
      findings.set(JSON.stringify(finding), finding);
    },
    findings: () => [...findings.values()],
  };
}
