// The context of a client: whom it trusts, what it shows of itself, and the protocols it offers.
import { holding } from '../memory.ts';
import { encodeProtocols } from './alpn.ts';
import { Context } from './context.ts';
import { useKeyPair, type KeyPair } from './key-pair.ts';
import { clientMethod, contextSetAlpn, contextSetVerify } from './openssl.ts';
import { TlsError } from './tls-error.ts';
import { trustRoots } from './trust-store.ts';

const VERIFY_PEER = 1;

export interface ClientContextOptions {
  /** What it is called in errors. */
  readonly name: string;
  /** PEM certificates that are trusted; '' for those of the machine. */
  readonly roots: string;
  /** Shown when the server asks. */
  readonly certificate?: KeyPair | undefined;
  /** Offered by ALPN, best first. */
  readonly protocols: readonly string[];
}

/** @throws TlsError that names the certificate or the roots at fault */
export function openClientContext(options: ClientContextOptions): Context {
  const { name, roots, certificate, protocols } = options;
  return new Context(clientMethod(), name, (context) => {
    trustRoots(context, roots, `${name}: roots`);
    contextSetVerify(context, VERIFY_PEER, 0);
    if (certificate !== undefined) useKeyPair(context, certificate);
    if (protocols.length === 0) return;
    const encoded = encodeProtocols(protocols);
    const result = holding(encoded, () => contextSetAlpn(context, encoded.address, encoded.buffer.length));
    // This one function says 0 for success.
    if (result !== 0) throw new TlsError(name, 'bad protocols');
  });
}
