// Sluice, by its command line: one worker, the proxy alone.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE, ROOT } from '../machine/checkout.ts';
import { Program } from '../machine/program.ts';
import { commandVersion } from './command-version.ts';
import type { Peer } from './peer.ts';

const MAIN = join(ROOT, 'agent/main.ts');

export const sluice: Peer = {
  name: 'sluice',
  prepare: () => undefined,
  version: () => `${commandVersion(NODE, MAIN, '--version')} on Node ${process.versions.node}`,
  start({ port, originPort, folder, core }) {
    writeFileSync(join(folder, 'bench.yaml'), render(port, originPort));
    const flags = ['--workers', '1', '--bind', '127.0.0.1', '--admin-port', '0', '--no-datapath'];
    return new Program('sluice', [NODE, MAIN, 'run', folder, ...flags], { core, cwd: folder });
  },
};

function render(port: number, originPort: number): string {
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
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: all, namespace: bench }
spec:
  parentRefs: [{ name: front }]
  rules:
    - backendRefs: [{ name: origin, port: 80 }]
---
apiVersion: v1
kind: Service
metadata: { name: origin, namespace: bench }
spec:
  clusterIP: 10.96.0.10
  ports: [{ name: http, port: 80 }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: origin-0
  namespace: bench
  labels: { kubernetes.io/service-name: origin }
addressType: IPv4
ports: [{ name: http, port: ${originPort} }]
endpoints:
  - addresses: [127.0.0.1]
    conditions: { ready: true }
`;
}
