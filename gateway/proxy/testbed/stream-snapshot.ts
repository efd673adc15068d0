// A Snapshot of one port whose connections or datagrams are passed on unread.
import type { Cluster } from '../../model/cluster.ts';
import type { StreamRoute, WeightedBackend } from '../../model/route.ts';
import type { Port, Snapshot } from '../../model/snapshot.ts';
import { DEFAULT_LIMITS, type Limits } from '../limits.ts';
import { Proxy, type ProxyOptions } from '../proxy.ts';
import { freePort } from './test-proxy.ts';

/** A backend of the route: ports on 127.0.0.1 that make up one Cluster, or what else stands in its place. */
export interface StreamTarget extends Partial<Pick<WeightedBackend, 'weight' | 'failure'>> {
  readonly ports?: readonly number[];
  readonly proxyProtocol?: 1 | 2;
}

const KINDS = { TCP: 'TCPRoute', TLS: 'TLSRoute', UDP: 'UDPRoute' } as const;

export function streamSnapshot(
  port: number,
  protocol: 'TCP' | 'TLS' | 'UDP',
  targets: readonly StreamTarget[],
  more: Partial<Port> & { readonly hostnames?: readonly string[] } = {},
): Snapshot {
  const { hostnames = [], ...rest } = more;
  const route: StreamRoute = {
    route: 'default/stream',
    kind: KINDS[protocol],
    hostnames,
    backends: targets.map(({ ports, weight = 1, failure }, index) => ({
      weight,
      filters: [],
      ...(ports && { cluster: `default/s${index}:1` }),
      ...(failure && { failure }),
    })),
  };
  const clusters = targets.flatMap(({ ports, proxyProtocol }, index): Cluster[] =>
    ports === undefined
      ? []
      : [
          {
            name: `default/s${index}:1`,
            endpoints: ports.map((port) => ({ address: '127.0.0.1', port })),
            ...(proxyProtocol && { proxyProtocol }),
          },
        ],
  );
  const listener = { name: `default/gateway/p${port}`, hostname: '', hosts: [], streams: [route] };
  return { revision: 1, ports: [{ port, protocol, listeners: [listener], ...rest }], services: [], clusters };
}

/** A proxy that passes on what comes to `port`. */
export class StreamProxy {
  readonly port: number;
  readonly proxy: Proxy;
  readonly trouble: string[];

  static async start(
    protocol: 'TCP' | 'TLS' | 'UDP',
    targets: readonly StreamTarget[],
    limits: Partial<Limits> = {},
    options: Partial<ProxyOptions> = {},
    more: Partial<Port> = {},
  ): Promise<StreamProxy> {
    const trouble: string[] = [];
    const proxy = await Proxy.open({
      workers: 1,
      bind: '127.0.0.1',
      engine: 'epoll',
      onTrouble: (_, detail) => trouble.push(detail),
      limits: { ...DEFAULT_LIMITS, ...limits },
      ...options,
    });
    const test = new StreamProxy(proxy, await freePort(), trouble);
    await test.apply(streamSnapshot(test.port, protocol, targets, more));
    return test;
  }

  private constructor(proxy: Proxy, port: number, trouble: string[]) {
    this.proxy = proxy;
    this.port = port;
    this.trouble = trouble;
  }

  async apply(snapshot: Snapshot): Promise<void> {
    const { ports, refused } = await this.proxy.apply(snapshot);
    const failed = ports.find(({ state }) => state === 'failed');
    if (refused !== undefined || failed !== undefined) throw new Error(refused ?? failed?.detail);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy.close();
  }
}
