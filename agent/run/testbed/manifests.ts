// The YAML that tests serve: a Gateway, Services and one HTTPRoute that splits both doors.

export interface ServiceManifest {
  /** 'None' for a headless Service. */
  readonly clusterIp: string;
  /** Ports that clients see; default 80. */
  readonly ports?: readonly number[];
  /** Port of the one endpoint, on loopback; undefined: no endpoint. */
  readonly backend?: number;
}

/** A Gateway with one plain HTTP listener for each port. */
export function gatewayYaml(...ports: readonly number[]): string {
  const listeners = ports.map((port) => `{ name: http-${port}, protocol: HTTP, port: ${port} }`);
  return `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: door, namespace: test }
spec: { gatewayClassName: sluice, listeners: [${listeners.join(', ')}] }
`;
}

export function serviceYaml(name: string, { clusterIp, ports = [80], backend }: ServiceManifest): string {
  const names = ports.map((port) => `{ name: p${port}, port: ${port} }`);
  const service = `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: test }
spec: { clusterIP: ${clusterIp}, ports: [${names.join(', ')}] }
`;
  if (backend === undefined) return service;
  return `${service}---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-0, namespace: test, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [${ports.map((port) => `{ name: p${port}, port: ${backend} }`).join(', ')}]
endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }]
`;
}

/** An HTTPRoute on both doors of `canaryYaml`. */
export function routeYaml(weights: Readonly<Record<string, number>>): string {
  const refs = Object.entries(weights).map(
    ([name, weight]) => `{ name: ${name}, port: 80, weight: ${weight} }`,
  );
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: split, namespace: test }
spec:
  parentRefs: [{ kind: Gateway, name: door }, { group: "", kind: Service, name: web }]
  rules: [{ backendRefs: [${refs.join(', ')}] }]
`;
}

/** A Gateway on `port`, a Service `web` at `clusterIp` without endpoints of its own, and a Service for each of `backends`. */
export function canaryYaml(
  port: number,
  clusterIp: string,
  backends: Readonly<Record<string, number>>,
): string {
  return [
    gatewayYaml(port),
    serviceYaml('web', { clusterIp }),
    ...Object.entries(backends).map(([name, backend]) => serviceYaml(name, { clusterIp: 'None', backend })),
  ].join('---\n');
}
