// For tests: backends, a directory of YAML and a real `sluice run` process over it, all on ports that the kernel gave.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { RunEvent } from './run-event.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** A backend that answers its own name. */
export class TestBackend {
  readonly server: Server;
  readonly port: number;

  private constructor(server: Server) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(name: string): Promise<TestBackend> {
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      request.resume();
      request.on('end', () => response.end(name));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new TestBackend(server);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => void this.server.close(() => resolve()));
  }
}

/** A temporary directory of YAML; `write` replaces a file in one step, as editors do. */
export class TestDirectory {
  readonly path: string = mkdtempSync(join(tmpdir(), 'sluice-run-'));

  write(name: string, text: string): void {
    const path = join(this.path, name);
    writeFileSync(`${path}.tmp`, text);
    renameSync(`${path}.tmp`, path);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** `sluice run` as users start it. Every event it tells is kept. */
export class TestRun {
  readonly process: ChildProcess;
  readonly events: RunEvent[] = [];
  readonly exited: Promise<number | null>;
  #waiting: (() => void)[] = [];

  private constructor(args: readonly string[]) {
    this.process = spawn(process.execPath, [MAIN, 'run', ...args, '-o', 'json', '--admin-port', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.exited = once(this.process, 'exit').then(([code]) => code as number | null);
    createInterface({ input: this.process.stdout! }).on('line', (line) => {
      this.events.push(JSON.parse(line) as RunEvent);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.process.once('exit', () => {
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  static async start(args: readonly string[]): Promise<TestRun> {
    const run = new TestRun(args);
    await run.until((event) => event.event === 'ready');
    return run;
  }

  /** Waits for an event, those already told included. */
  async until(wanted: (event: RunEvent) => boolean): Promise<RunEvent> {
    for (;;) {
      const found = this.events.find(wanted);
      if (found !== undefined) return found;
      if (this.process.exitCode !== null || this.process.signalCode !== null)
        throw new Error(`sluice run ended; it told ${JSON.stringify(this.events)}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Waits for the next revision after those told so far. */
  async untilApplied(before: number): Promise<void> {
    while (this.applied <= before) {
      if (this.process.exitCode !== null || this.process.signalCode !== null)
        throw new Error('sluice run ended');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Revisions applied so far. */
  get applied(): number {
    return this.events.filter((event) => event.event === 'applied').length;
  }

  get admin(): string {
    const ready = this.events.find((event) => event.event === 'ready');
    if (ready?.event !== 'ready') throw new Error('not ready yet');
    return ready.admin;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGTERM');
    await this.exited;
  }
}

/** A port that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const server = createTcpServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

/** A Gateway on `port` and a Service `web` at `clusterIp`, with one HTTPRoute that splits both doors between `backends`. */
export function canaryYaml(
  port: number,
  clusterIp: string,
  backends: Readonly<Record<string, number>>,
): string {
  const services = Object.entries(backends).map(([name, backendPort]) =>
    serviceYaml(name, 'None', backendPort),
  );
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: door, namespace: test }
spec:
  gatewayClassName: sluice
  listeners: [{ name: http, protocol: HTTP, port: ${port} }]
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: test }
spec: { clusterIP: ${clusterIp}, ports: [{ name: http, port: 80 }] }
---
${services.join('---\n')}`;
}

/** A Service with one endpoint on loopback. */
export function serviceYaml(name: string, clusterIp: string, backendPort: number): string {
  return `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: test }
spec: { clusterIP: ${clusterIp}, ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-0, namespace: test, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: http, port: ${backendPort} }]
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
