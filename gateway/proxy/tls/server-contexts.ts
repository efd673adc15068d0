// The contexts of all listeners of a worker that end TLS. A new Snapshot keeps those whose certificates and rules stay; what is
// not named any more is let go, and lives on in the connections that use it.
import { createHash } from 'node:crypto';
import { alpnCallback, encodeProtocols } from '#native/tls/alpn';
import type { Context } from '#native/tls/context';
import { openServerContext } from '#native/tls/server-context';
import { TicketKeys } from '#native/tls/ticket-keys';
import type { Listener, ListenerTls, PortProtocol } from '../../model/snapshot.ts';
import { arrangeCertificates } from './certificate-choice.ts';
import type { KnownCertificate, KnownCertificates } from './known-certificates.ts';
import { TlsListener } from './tls-listener.ts';

/** What a listener's contexts have in common. */
interface Terms {
  readonly name: string;
  readonly tls: ListenerTls;
  readonly alpn: bigint | undefined;
  /** Everything that a resumed session must not evade: the listener, and whom it lets in. */
  readonly scope: Buffer;
}

export class ServerContexts {
  readonly #certificates: KnownCertificates;
  readonly #tickets: bigint;
  readonly #alpn: bigint;
  #contexts = new Map<string, Context>();
  #listeners = new Map<string, TlsListener>();

  constructor(certificates: KnownCertificates, tickets: SharedArrayBuffer, protocols: readonly string[]) {
    this.#certificates = certificates;
    this.#tickets = TicketKeys.attach(tickets).callback();
    this.#alpn = alpnCallback(encodeProtocols(protocols));
  }

  /** Takes over the listeners of a Snapshot, by name. Adds to `faults` what cannot be served as it is wanted. */
  apply(
    wanted: readonly (readonly [PortProtocol, Listener])[],
    faults: string[],
  ): ReadonlyMap<string, TlsListener> {
    const listeners = new Map<string, TlsListener>();
    const contexts = new Map<string, Context>();
    for (const [protocol, { name, tls }] of wanted) {
      if (tls === undefined) continue;
      if (tls.mode === 'passthrough') {
        listeners.set(name, new TlsListener(name, true, new Map(), undefined));
        continue;
      }
      const alpn = protocol === 'HTTPS' ? this.#alpn : undefined;
      listeners.set(name, this.#build({ name, tls, alpn, scope: scopeOf(name, tls) }, contexts, faults));
    }
    const used = new Set([...listeners.values()].flatMap((listener) => listener.contexts));
    for (const [key, context] of this.#contexts)
      if (used.has(context)) contexts.set(key, context);
      else context.free();
    this.#contexts = contexts;
    this.#listeners = listeners;
    return listeners;
  }

  #build(terms: Terms, contexts: Map<string, Context>, faults: string[]): TlsListener {
    const { name, tls } = terms;
    const before = this.#listeners.get(name);
    const known = tls.certificates.flatMap((certificate) => this.#certificates.get(certificate) ?? []);
    try {
      if (known.length === 0) throw new Error(`${name}: none of its certificates can be used`);
      const { byName, otherwise } = arrangeCertificates(known);
      const open = (chosen: readonly KnownCertificate[]): Context => this.#open(terms, chosen, contexts);
      const named = new Map([...byName].map(([dns, chosen]) => [dns, open(chosen)]));
      return new TlsListener(name, false, named, open(otherwise));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // Never with less asked of clients than is wanted now: what was there before asked as much, or nothing is served.
      const keep = before !== undefined && before.contexts.length > 0 && tls.clients === undefined;
      faults.push(`listener ${reason}; ${keep ? 'it goes on as before' : 'it refuses every connection'}`);
      return keep ? before : new TlsListener(name, false, new Map(), undefined);
    }
  }

  #open(terms: Terms, chosen: readonly KnownCertificate[], contexts: Map<string, Context>): Context {
    const { name, tls, alpn, scope } = terms;
    const versions = chosen.map(({ version }) => version).join(' ');
    const key = `${scope.toString('latin1')} ${alpn ?? 0} ${versions}`;
    const known = contexts.get(key) ?? this.#contexts.get(key);
    const context =
      known ??
      openServerContext({
        name,
        certificates: chosen.map(({ pair }) => pair),
        ...(alpn === undefined ? {} : { alpn }),
        tickets: this.#tickets,
        clients: tls.clients,
        scope,
      });
    contexts.set(key, context);
    return context;
  }
}

function scopeOf(name: string, { clients }: ListenerTls): Buffer {
  const hash = createHash('sha256').update(name);
  if (clients !== undefined) hash.update(`\0${clients.required}\0${clients.roots}`);
  return hash.digest();
}
