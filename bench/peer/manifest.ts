// The resources that every configuration of Sluice in this bench has, as YAML.

/** Its listeners come last, so that more of them can follow. */
export function renderGateway(port: number): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: sluice }
spec: { controllerName: sluice.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: bench }
spec:
  gatewayClassName: sluice
  listeners:
    - { name: http, protocol: HTTP, port: ${port} }
`;
}

/** A Service and its one endpoint, 127.0.0.1:`port`. `host` is the end of its address. */
export function renderService(name: string, host: number, port: number, protocol: string = ''): string {
  return `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: bench }
spec:
  clusterIP: 10.96.0.${host}
  ports: [{ name: main, port: 80${protocol} }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: ${name}-0
  namespace: bench
  labels: { kubernetes.io/service-name: ${name} }
addressType: IPv4
ports: [{ name: main, port: ${port}${protocol} }]
endpoints:
  - addresses: [127.0.0.1]
    conditions: { ready: true }
`;
}
