// Sluice, by its command line: the client's cgroup is steered, and a connect() to a Service goes to its backend at once.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { awaitAnswer } from '../machine/await-answer.ts';
import { NODE, ROOT } from '../machine/checkout.ts';
import { findFreePort } from '../machine/port.ts';
import { Program } from '../machine/program.ts';
import { commandVersion } from '../peer/command-version.ts';
import type { Balancer, ServiceEntry } from './balancer.ts';

const MAIN = join(ROOT, 'agent/main.ts');
const SERVICES_IN_A_FILE = 1000;
const READY_MS = 120_000;

export const sluice: Balancer = {
  name: 'sluice',
  prepare: () => undefined,
  version: () => commandVersion(NODE, MAIN, '--version'),
  async setUp({ services, cgroup, folder, core, stack }, loaded) {
    const config = join(folder, 'config');
    mkdirSync(config);
    for (let start = 0; start < services.length; start += SERVICES_IN_A_FILE) {
      const part = services.slice(start, start + SERVICES_IN_A_FILE);
      const documents = part.flatMap((entry, index) => render(entry, `s${start + index}`));
      writeFileSync(join(config, `services-${start}.yaml`), documents.join('---\n'));
    }
    const admin = await findFreePort();
    // A state of its own, so that a Sluice that serves this machine is left alone.
    const places = ['--cgroup', cgroup.path, '--state', join(folder, 'state')];
    const flags = ['--workers', '1', '--admin-port', String(admin), ...places];
    const program = new Program('sluice', [NODE, MAIN, 'run', config, ...flags], { core, cwd: folder });
    stack.defer(() => program.stop());
    await awaitAnswer(program, `http://127.0.0.1:${admin}/readyz`, READY_MS);
    return loaded.service;
  },
};

function render({ service, backend }: ServiceEntry, name: string): string[] {
  return [
    `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: bench }
spec:
  clusterIP: ${service.address}
  ports: [{ name: tcp, port: ${service.port} }]
`,
    `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: ${name}-0
  namespace: bench
  labels: { kubernetes.io/service-name: ${name} }
addressType: IPv4
ports: [{ name: tcp, port: ${backend.port} }]
endpoints:
  - addresses: [${backend.address}]
    conditions: { ready: true }
`,
  ];
}
