// What every step of a translation shares: the resources by name, where to report findings, and the Clusters asked for.
import { makeFinding, type Finding } from '#resources/finding';
import type { FindingCode } from '#resources/finding-codes';
import { indexResources, objectName, type ResourceIndex } from '#resources/store/resource-index';
import type { ResourceObject, Resources } from '#resources/store/resources';
import type { BackendTLSPolicy, ParentReference } from '#resources/type/backend-tls-policy.gen';
import type { Service, ServicePort } from '#resources/type/service.gen';
import type { ClusterProtocol, ClusterTls } from '../model/cluster.ts';
import type { Certificate } from '../model/snapshot.ts';
import type { RegexRefusal } from '../route/regex.ts';
import type { Refusal } from './status.ts';

/** A Service port that backendRefs name, and how its endpoints are spoken to. */
export interface ClusterSource {
  readonly service: Service;
  readonly port: ServicePort;
  /** `tcp`, `udp`: of Routes that look at no request. */
  readonly protocol: ClusterProtocol | 'tcp' | 'udp';
  readonly tls?: ClusterTls;
}

/** A BackendTLSPolicy on its way to the Clusters of its Services. */
export interface PolicyState {
  readonly policy: BackendTLSPolicy;
  /** Undefined when it cannot be met: then connections fail. */
  readonly tls: ClusterTls | undefined;
  /** Of the condition Accepted, and of ResolvedRefs. */
  readonly invalid: Refusal | undefined;
  readonly unresolved: Refusal | undefined;
  /** What the Routes that use it are attached to, by kind and name. */
  readonly ancestors: Map<string, ParentReference>;
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
  /** Milliseconds since 1970; certificates are not judged by their dates without. */
  readonly now: number | undefined;
  /** By name. */
  readonly clusters: Map<string, ClusterSource>;
  /** What Gateways may show, by name. */
  readonly certificates: Map<string, Certificate>;
  /** In force, by Service (`namespace/name`) or by port of it (`namespace/name:port name`). */
  readonly policies: Map<string, PolicyState>;
  /** The same finding is kept once, however many parents bring it up. */
  report(code: FindingCode, object: ResourceObject, at: FindingAt): void;
  findings(): readonly Finding[];
}

export function createContext(
  resources: Resources,
  controllerName: string,
  proveRegex: (source: string) => RegexRefusal | undefined,
  now?: number,
): TranslateContext {
  const findings = new Map<string, Finding>();
  return {
    index: indexResources(resources),
    controllerName,
    proveRegex,
    now,
    clusters: new Map(),
    certificates: new Map(),
    policies: new Map(),
    report(code, object, at) {
      const finding = makeFinding(code, { object: objectName(object), ...at });
      findings.set(JSON.stringify(finding), finding);
    },
    findings: () => [...findings.values()],
  };
}
