// A proxy with one HTTPS port in front of test backends.
import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { Cluster } from '../../../model/cluster.ts';
import type { Rule } from '../../../model/route.ts';
import type { Certificate, Listener, ListenerTls, Snapshot } from '../../../model/snapshot.ts';
import { DEFAULT_LIMITS, type Limits } from '../../limits.ts';
import { Proxy, type ProxyOptions } from '../../proxy.ts';
import { CLUSTER, freePort, rule } from '../../testbed/test-proxy.ts';

export interface TlsSetup {
  /** Hostname, and what differs from a listener that shows the first certificate and serves every path. */
  readonly listeners?: readonly (readonly [
    hostname: string,
    tls?: Partial<ListenerTls>,
    rules?: readonly Rule[],
  ])[];
  readonly certificates: readonly Certificate[];
  /** Ports on 127.0.0.1. */
  readonly endpoints?: readonly number[];
  readonly cluster?: Partial<Cluster>;
  /** The port's connections begin with a PROXY protocol header. */
  readonly proxyProtocol?: boolean;
}

export interface TlsProxyOptions {
  readonly workers?: number;
  readonly limits?: Partial<Limits>;
  readonly more?: Partial<ProxyOptions>;
}

export class TlsProxy {
  readonly port: number;
  readonly proxy: Proxy;
  readonly trouble: string[];
  #revision = 0;

  static async start(setup: TlsSetup, options: TlsProxyOptions = {}): Promise<TlsProxy> {
    const trouble: string[] = [];
    const proxy = await Proxy.open({
      workers: options.workers ?? 1,
      bind: '127.0.0.1',
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      engine: 'epoll',
      failureHeader: true,
      onTrouble: (_, detail) => trouble.push(detail),
      ...options.more,
    });
    const test = new TlsProxy(proxy, await freePort(), trouble);
    await test.apply(setup);
    return test;
  }

  private constructor(proxy: Proxy, port: number, trouble: string[]) {
    this.proxy = proxy;
    this.port = port;
    this.trouble = trouble;
  }

  async apply({
    listeners = [['']],
    certificates,
    endpoints = [],
    cluster,
    proxyProtocol = false,
  }: TlsSetup): Promise<void> {
    const [first] = certificates;
    const snapshot: Snapshot = {
      revision: ++this.#revision,
      ports: [
        {
          port: this.port,
          protocol: 'HTTPS',
          proxyProtocol,
          listeners: listeners.map(([hostname, tls, rules = [rule()]]): Listener => ({
            name: `default/gateway/${hostname || 'any'}`,
            hostname,
            hosts: [{ hostname: '', rules }],
            tls: { mode: 'terminate', certificates: first === undefined ? [] : [first.name], ...tls },
          })),
        },
      ],
      services: [],
      clusters: [
        { name: CLUSTER, endpoints: endpoints.map((port) => ({ address: '127.0.0.1', port })), ...cluster },
      ],
      certificates,
    };
    const { refused, ports } = await this.proxy.apply(snapshot);
    const [failed] = ports.filter(({ state }) => state === 'failed');
    if (refused !== undefined || failed !== undefined) throw new Error(refused ?? failed?.detail);
  }

  /** A connection that has shaken hands. Rejects when that fails. */
  async connect(options: ConnectionOptions = {}): Promise<TLSSocket> {
    const socket = connect({ host: '127.0.0.1', port: this.port, rejectUnauthorized: false, ...options });
    await once(socket, 'secureConnect');
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy.close();
  }
}

/** Everything that comes until the end of the connection. */
export async function readAll(socket: TLSSocket): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('latin1');
}

/** One request on a connection of its own; the answer with its head. */
export async function askTls(
  proxy: TlsProxy,
  host: string,
  options: ConnectionOptions = {},
  head = '',
): Promise<string> {
  const socket = await proxy.connect({ servername: host, ...options });
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${head}\r\n`);
  return readAll(socket);
}
