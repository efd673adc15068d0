// A proxy in front of test backends, with either engine: every route to one Cluster unless the test says otherwise.
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { Endpoint } from '../../model/cluster.ts';
import type { Rule } from '../../model/route.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { DEFAULT_LIMITS, type Limits } from '../limits.ts';
import { Proxy, type ProxyOptions } from '../proxy.ts';
import type { EngineKind } from '../worker-message.ts';

export const ENGINES: readonly EngineKind[] = ['epoll', 'net'];
export const CLUSTER = 'default/app:80';

export interface TestProxyOptions {
  readonly engine?: EngineKind;
  readonly workers?: number;
  readonly limits?: Partial<Limits>;
  readonly more?: Partial<ProxyOptions>;
  readonly rules?: readonly Rule[];
}

export class TestProxy {
  readonly port: number;
  readonly proxy: Proxy;
  readonly trouble: string[];

  /** `endpoints` are ports on 127.0.0.1. */
  static async start(endpoints: readonly number[], options: TestProxyOptions = {}): Promise<TestProxy> {
    const port = await freePort();
    const trouble: string[] = [];
    const proxy = await Proxy.open({
      workers: options.workers ?? 1,
      bind: '127.0.0.1',
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      engine: options.engine ?? 'epoll',
      failureHeader: true,
      onTrouble: (_, detail) => trouble.push(detail),
      ...options.more,
    });
    const test = new TestProxy(proxy, port, trouble);
    await test.apply(endpoints, options.rules);
    return test;
  }

  private constructor(proxy: Proxy, port: number, trouble: string[]) {
    this.proxy = proxy;
    this.port = port;
    this.trouble = trouble;
  }

  async apply(endpoints: readonly number[], rules: readonly Rule[] = [rule()]): Promise<void> {
    const { ports, refused } = await this.proxy.apply(snapshotOf([this.port], endpoints, rules));
    const failed = ports.filter(({ state }) => state === 'failed');
    if (refused !== undefined || failed.length > 0) throw new Error(refused ?? failed[0]?.detail);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy.close();
  }
}

/** A rule for every path, to CLUSTER. */
export function rule(more: Partial<Rule> = {}): Rule {
  return {
    route: 'default/route',
    index: 0,
    matches: [{ path: { kind: 'prefix', value: '/' }, headers: [], query: [] }],
    filters: [],
    backends: [{ weight: 1, cluster: CLUSTER, filters: [] }],
    ...more,
  };
}

export function snapshotOf(
  ports: readonly number[],
  endpoints: readonly number[],
  rules: readonly Rule[] = [rule()],
  revision = 1,
): Snapshot {
  return {
    revision,
    ports: ports.map((port) => ({
      port,
      protocol: 'HTTP',
      listeners: [{ name: `default/gateway/p${port}`, hostname: '', hosts: [{ hostname: '', rules }] }],
    })),
    services: [],
    clusters: [
      { name: CLUSTER, endpoints: endpoints.map((port): Endpoint => ({ address: '127.0.0.1', port })) },
    ],
  };
}

/** A port that nobody listens on, for now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves when `holds` does; fails after five seconds. */
export async function eventually(holds: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`never came about: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
