// The contexts of all Clusters of a worker that are reached by TLS, and the connections made with them.
import { createHash } from 'node:crypto';
import { openClientContext } from '#native/tls/client-context';
import { TlsConnection } from '#native/tls/connection';
import type { Context } from '#native/tls/context';
import type { Cluster, ClusterTls } from '../../model/cluster.ts';
import type { KnownCertificates } from './known-certificates.ts';

interface Entry {
  readonly tls: ClusterTls;
  readonly protocol: string | undefined;
  /** Why there can be no connection. */
  readonly context: Context | string;
}

export class ClientContexts {
  readonly #certificates: KnownCertificates;
  #contexts = new Map<string, Context>();
  #entries = new Map<string, Entry>();

  constructor(certificates: KnownCertificates) {
    this.#certificates = certificates;
  }

  apply(clusters: readonly Cluster[], faults: string[]): void {
    const entries = new Map<string, Entry>();
    const contexts = new Map<string, Context>();
    for (const { name, tls, protocol } of clusters) {
      if (tls === undefined) continue;
      let context: Context | string;
      try {
        context = this.#open(name, tls, protocol === 'http2' ? ['h2'] : ['http/1.1'], contexts);
      } catch (error) {
        context = error instanceof Error ? error.message : String(error);
        faults.push(`cluster ${context}; requests to it fail`);
      }
      entries.set(name, { tls, context, protocol: protocol === 'http2' ? 'h2' : undefined });
    }
    for (const [key, context] of this.#contexts) if (!contexts.has(key)) context.free();
    this.#contexts = contexts;
    this.#entries = entries;
  }

  /** The TLS of a new connection to an endpoint of a Cluster. @throws with the reason when there can be none */
  connect(cluster: string): TlsConnection {
    const entry = this.#entries.get(cluster);
    if (entry === undefined) throw new Error(`cluster ${cluster} is gone`);
    const { tls, context, protocol } = entry;
    if (typeof context === 'string') throw new Error(context);
    return TlsConnection.connect(context, {
      serverName: tls.serverName,
      names: tls.subjectAltNames,
      protocol,
    });
  }

  #open(
    name: string,
    tls: ClusterTls,
    protocols: readonly string[],
    contexts: Map<string, Context>,
  ): Context {
    const certificate = tls.certificate === undefined ? undefined : this.#certificates.get(tls.certificate);
    if (tls.certificate !== undefined && certificate === undefined)
      throw new Error(`${name}: the certificate ${tls.certificate} cannot be used`);
    const roots = createHash('sha256').update(tls.roots).digest('base64');
    const key = `${roots} ${certificate?.version ?? 0} ${protocols.join(' ')}`;
    const context =
      contexts.get(key) ??
      this.#contexts.get(key) ??
      openClientContext({ name, roots: tls.roots, certificate: certificate?.pair, protocols });
    contexts.set(key, context);
    return context;
  }
}
