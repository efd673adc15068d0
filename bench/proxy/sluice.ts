// Sluice with every protocol, by its command line and the resources a user writes: one worker, the proxy alone, all else by default.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE, ROOT } from '../machine/checkout.ts';
import { withFiles } from '../machine/descriptors.ts';
import { Program } from '../machine/program.ts';
import { renderGateway, renderService } from '../peer/manifest.ts';
import { sluice as peer } from '../peer/sluice.ts';
import { GRPC_HOST, GRPC_SERVICE } from '../load/grpc-message.ts';
import type { Proxy, ProxySetting } from './proxy.ts';

const MAIN = join(ROOT, 'agent/main.ts');
const FLAGS = ['--workers', '1', '--bind', '127.0.0.1', '--no-datapath'];

export const sluice: Proxy = {
  name: 'sluice',
  onePort: true,
  prepare: (say) => peer.prepare(say),
  version: () => peer.version(),
  start(setting) {
    writeFileSync(join(setting.folder, 'bench.yaml'), render(setting), { mode: 0o600 });
    return startSluice(setting.folder, ['--admin-port', '0'], { core: setting.core, cwd: setting.folder });
  },
};

interface StartOptions {
  readonly core: number;
  readonly cwd: string;
  /** Room for as many, where the usual limit of open files is too low. */
  readonly connections?: number;
}

/** One worker, the proxy alone. */
export function startSluice(
  config: string,
  flags: readonly string[],
  { core, cwd, connections }: StartOptions,
): Program {
  const command = [NODE, MAIN, 'run', config, ...FLAGS, ...flags];
  return new Program('sluice', connections === undefined ? command : withFiles(connections, command), {
    core,
    cwd,
  });
}

function render({ ports, origins, certificate }: ProxySetting): string {
  const base64 = (file: string): string => readFileSync(file).toString('base64');
  // A listener of its own for gRPC: HTTPRoutes and GRPCRoutes cannot share a hostname of one (Gateway API, GRPCRoute).
  const listeners = `    - { name: grpc, protocol: HTTP, port: ${ports.http}, hostname: ${GRPC_HOST} }
    - { name: https, protocol: HTTPS, port: ${ports.https}, tls: { certificateRefs: [{ name: bench }] } }
`;
  return `${renderGateway(ports.http)}${listeners}---
apiVersion: v1
kind: Secret
metadata: { name: bench, namespace: bench }
type: kubernetes.io/tls
data:
  tls.crt: ${base64(certificate.certificate)}
  tls.key: ${base64(certificate.key)}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web, namespace: bench }
spec:
  parentRefs: [{ name: front, sectionName: http }, { name: front, sectionName: https }]
  rules:
    - backendRefs: [{ name: web, port: 80 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: { name: grpc, namespace: bench }
spec:
  parentRefs: [{ name: front, sectionName: grpc }]
  rules:
    - matches: [{ method: { service: ${GRPC_SERVICE} } }]
      backendRefs: [{ name: grpc, port: 80 }]
---
${renderService('web', 10, origins.web)}---
${renderService('grpc', 11, origins.grpc, ', appProtocol: kubernetes.io/h2c')}`;
}
