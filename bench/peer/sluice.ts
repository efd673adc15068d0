// Sluice, by its command line: one worker, the proxy alone.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE, ROOT } from '../machine/checkout.ts';
import { Program } from '../machine/program.ts';
import { commandVersion } from './command-version.ts';
import { renderGateway, renderService } from './manifest.ts';
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
  return `${renderGateway(port)}---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: all, namespace: bench }
spec:
  parentRefs: [{ name: front }]
  rules:
    - backendRefs: [{ name: origin, port: 80 }]
---
${renderService('origin', 10, originPort)}`;
}
