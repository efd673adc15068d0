// Sluice, by its command line and the resources a user writes: the proxy alone, all else by default.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE, ROOT } from '../machine/checkout.ts';
import { Program } from '../machine/program.ts';
import { commandVersion } from './command-version.ts';
import type { Target, TargetRoute, TargetSetting } from './target.ts';

const MAIN = join(ROOT, 'agent/main.ts');
const FLAGS = ['--workers', '1', '--bind', '127.0.0.1', '--admin-port', '0', '--no-datapath'];
const RESPONSE_SECONDS = 10;

export const sluice: Target = {
  name: 'sluice',
  onePort: true,
  prepare: () => undefined,
  version: () => `Sluice ${commandVersion(NODE, MAIN, '--version')} on Node ${process.versions.node}`,
  configure(setting) {
    // Renamed into place, so that it is never read half written.
    const file = join(setting.folder, 'sluice.yaml');
    writeFileSync(`${file}.new`, render(setting), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  },
  start(setting) {
    sluice.configure(setting);
    const command = [NODE, MAIN, 'run', join(setting.folder, 'sluice.yaml'), ...FLAGS];
    const timeout = ['--response-timeout', `${setting.responseSeconds ?? RESPONSE_SECONDS}s`];
    return new Program('sluice', [...command, ...timeout, ...(setting.flags ?? [])], {
      env: { ...process.env, ...setting.env },
    });
  },
};

function render({ ports, routes, certificate }: TargetSetting): string {
  const base64 = (file: string): string => readFileSync(file).toString('base64');
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: sluice }
spec: { controllerName: sluice.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: judged }
spec:
  gatewayClassName: sluice
  listeners:
    - { name: http, protocol: HTTP, port: ${ports.http} }
    - { name: https, protocol: HTTPS, port: ${ports.https}, tls: { certificateRefs: [{ name: front }] } }
---
apiVersion: v1
kind: Secret
metadata: { name: front, namespace: judged }
type: kubernetes.io/tls
data:
  tls.crt: ${base64(certificate.certificate)}
  tls.key: ${base64(certificate.key)}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: all, namespace: judged }
spec:
  parentRefs: [{ name: front }]
  rules:
${routes.map(renderRule).join('')}${routes.map(renderService).join('')}`;
}

function renderRule({ prefix }: TargetRoute, index: number): string {
  return `    - matches: [{ path: { type: PathPrefix, value: ${JSON.stringify(prefix)} } }]
      backendRefs: [{ name: backend-${index}, port: 80 }]
`;
}

function renderService({ protocol, backends }: TargetRoute, index: number): string {
  const app = protocol === 'h2c' ? ', appProtocol: kubernetes.io/h2c' : '';
  const head = `---
apiVersion: v1
kind: Service
metadata: { name: backend-${index}, namespace: judged }
spec:
  clusterIP: 10.96.0.${10 + index}
  ports: [{ name: main, port: 80${app} }]
`;
  // One slice for each backend: a slice holds one port for all of its addresses.
  return `${head}${backends.map((port, slice) => renderSlice(index, slice, port, app)).join('')}`;
}

function renderSlice(index: number, slice: number, port: number, app: string): string {
  return `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: backend-${index}-${slice}
  namespace: judged
  labels: { kubernetes.io/service-name: backend-${index} }
addressType: IPv4
ports: [{ name: main, port: ${port}${app} }]
endpoints:
  - addresses: [127.0.0.1]
    conditions: { ready: true }
`;
}
