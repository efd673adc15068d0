// The listening sockets of the proxy, one per port and worker, opened on the main thread: a port in use is known before any
// worker hears of it, and a worker that dies leaves its queue of connections to the one that takes its place. `port` is the
// number of a place (port-key.ts) all through: TCP and UDP of one number are two.
import { createServer } from 'node:net';
import { portOf } from './port-key.ts';
import type { EngineKind, PortFailure, PortSocket, RedirectSocket } from './worker-message.ts';

/** A listener for redirected connections; `fds` has one descriptor per worker. */
export interface RedirectListener {
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
  readonly fds: readonly number[];
}

/** Sockets of one address, one per worker, as one process hands them to the next. */
export interface HandedSockets {
  readonly kind: 'port' | 'redirect';
  readonly address: string;
  readonly port: number;
  readonly fds: readonly number[];
}

export interface ProxySockets {
  readonly redirects: readonly RedirectListener[];
  /** All that listens, for the process that takes over. */
  readonly handed: readonly HandedSockets[];
  /** Opens what is not open yet of `ports`. */
  open(ports: readonly number[]): Promise<readonly PortFailure[]>;
  /** Ports that are open and not in `wanted`; they count as given up from here on. */
  leave(wanted: readonly number[]): readonly number[];
  /** A worker could not use the port: it is to be opened anew. */
  forget(port: number): void;
  /** What a worker listens on, with the ports it has to open. */
  ofWorker(index: number): {
    readonly ports: readonly PortSocket[];
    readonly redirects: readonly RedirectSocket[];
  };
  /** A worker has closed its socket of a port that was given up. */
  closedBy(index: number, port: number): void;
  /** What the worker was still to close is closed for it. */
  workerDied(index: number): void;
  close(): void;
}

/** The calls into C that `openSockets` needs; absent with node:net. */
interface Native {
  readonly openListener: typeof import('#native/socket').openListener;
  readonly probeListener: typeof import('#native/socket').probeListener;
  readonly closeSocket: typeof import('#native/socket').closeSocket;
  readonly openDatagrams: typeof import('#native/datagram').openDatagrams;
  readonly probeDatagrams: typeof import('#native/datagram').probeDatagrams;
}

/** With node:net the workers open the ports themselves: sockets made by C calls are just what is not to be had there. */
export async function openSockets(
  engine: EngineKind,
  bind: string,
  workers: number,
  redirect: boolean,
  inherited: readonly HandedSockets[] = [],
): Promise<ProxySockets> {
  const native =
    engine === 'epoll'
      ? { ...(await import('#native/socket')), ...(await import('#native/datagram')) }
      : undefined;
  return new Sockets(native, bind, workers, redirect, inherited);
}

class Sockets implements ProxySockets {
  readonly redirects: readonly RedirectListener[];
  readonly #native: Native | undefined;
  readonly #bind: string;
  readonly #workers: number;
  /** Descriptor of each worker, by port. */
  readonly #ports = new Map<number, number[]>();
  /** Inherited ports that no worker has heard of yet. */
  readonly #unused = new Set<number>();
  /** Given up, not yet closed by every worker. A port may be here several times over. */
  readonly #leaving: { readonly port: number; readonly fds: number[] }[] = [];

  constructor(
    native: Native | undefined,
    bind: string,
    workers: number,
    redirect: boolean,
    inherited: readonly HandedSockets[],
  ) {
    this.#native = native;
    this.#bind = bind;
    this.#workers = workers;
    for (const { kind, port, fds } of inherited)
      if (kind === 'port') {
        this.#ports.set(port, [...fds]);
        this.#unused.add(port);
      }
    const redirects = inherited.filter(({ kind }) => kind === 'redirect');
    if (!redirect || native === undefined) {
      for (const { fds } of redirects) for (const fd of fds) this.#close(fd);
      this.redirects = [];
    } else if (redirects.length === 0) this.redirects = this.#openRedirects(native);
    else
      this.redirects = redirects.map(({ address, port, fds }) => ({
        family: address.includes(':') ? 6 : 4,
        address,
        port,
        fds,
      }));
  }

  get handed(): HandedSockets[] {
    const { redirects } = this;
    return [
      ...[...this.#ports].map(([port, fds]) => ({ kind: 'port', address: this.#bind, port, fds }) as const),
      ...redirects.map(({ address, port, fds }) => ({ kind: 'redirect', address, port, fds }) as const),
    ];
  }

  async open(ports: readonly number[]): Promise<PortFailure[]> {
    const failed: PortFailure[] = [];
    for (const port of ports) {
      this.#unused.delete(port);
      if (this.#ports.has(port)) continue;
      try {
        this.#ports.set(port, await this.#openPort(port));
      } catch (error) {
        failed.push({ port, error: error instanceof Error ? error.message : String(error) });
      }
    }
    return failed;
  }

  leave(wanted: readonly number[]): number[] {
    for (const port of this.#unused) this.forget(port);
    this.#unused.clear();
    const leaving = [...this.#ports.keys()].filter((port) => !wanted.includes(port));
    for (const port of leaving) {
      this.#leaving.push({ port, fds: this.#ports.get(port) ?? [] });
      this.#ports.delete(port);
    }
    return leaving;
  }

  forget(port: number): void {
    for (const fd of this.#ports.get(port) ?? []) this.#close(fd);
    this.#ports.delete(port);
  }

  ofWorker(index: number): { ports: PortSocket[]; redirects: RedirectSocket[] } {
    return {
      ports: [...this.#ports].map(([port, fds]) => ({ port, fd: fds[index] ?? -1 })),
      redirects: this.redirects.flatMap(({ fds }) => (fds[index] === undefined ? [] : [{ fd: fds[index] }])),
    };
  }

  closedBy(index: number, port: number): void {
    const at = this.#leaving.findIndex((one) => one.port === port && one.fds[index] !== -1);
    const leaving = this.#leaving[at] ?? { fds: this.#ports.get(port) ?? [] };
    leaving.fds[index] = -1;
    if (at >= 0 && leaving.fds.every((fd) => fd === -1)) this.#leaving.splice(at, 1);
  }

  workerDied(index: number): void {
    const leaving = this.#leaving.filter(({ fds }) => (fds[index] ?? -1) >= 0);
    for (const { port, fds } of leaving) {
      this.#close(fds[index] ?? -1);
      this.closedBy(index, port);
    }
  }

  close(): void {
    for (const fds of this.#ports.values()) for (const fd of fds) this.#close(fd);
    for (const { fds } of this.#leaving) for (const fd of fds) this.#close(fd);
    for (const { fds } of this.redirects) for (const fd of fds) this.#close(fd);
    this.#ports.clear();
    this.#leaving.length = 0;
  }

  async #openPort(place: number): Promise<number[]> {
    const native = this.#native;
    const { transport, port } = portOf(place);
    // While our own old sockets are being emptied, the port counts as in use.
    const ours = this.#leaving.some((one) => one.port === place);
    if (native === undefined) {
      if (!ours) await probeByNode(this.#bind, port);
      return Array.from({ length: this.#workers }, () => -1);
    }
    const [probe, open] =
      transport === 'udp'
        ? [native.probeDatagrams, native.openDatagrams]
        : [native.probeListener, native.openListener];
    if (!ours) probe(this.#bind, port);
    return this.#openShared(native, open, this.#bind, port).fds;
  }

  /** One socket per worker on the same address and port. */
  #openShared(
    native: Native,
    open: Native['openListener'] | Native['openDatagrams'],
    address: string,
    port: number,
  ): { port: number; fds: number[] } {
    const fds: number[] = [];
    try {
      for (let i = 0; i < this.#workers; i++) {
        const opened = open({ address, port, reusePort: true });
        fds.push(opened.fd);
        port = opened.port;
      }
      return { port, fds };
    } catch (error) {
      for (const fd of fds) native.closeSocket(fd);
      throw error;
    }
  }

  /** IPv6 may be off on a machine; then nothing is redirected there. */
  #openRedirects(native: Native): RedirectListener[] {
    const loopback = (family: 4 | 6, address: string): RedirectListener => ({
      family,
      address,
      ...this.#openShared(native, native.openListener, address, 0),
    });
    const listeners = [loopback(4, '127.0.0.1')];
    try {
      listeners.push(loopback(6, '::1'));
    } catch {
      // Nothing can be redirected where there is no ::1.
    }
    return listeners;
  }

  #close(fd: number): void {
    if (fd >= 0) this.#native?.closeSocket(fd);
  }
}

/** Rejects with what an exclusive listener would meet. */
function probeByNode(host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const server = createServer();
  server.once('error', reject);
  server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()));
  return promise;
}
