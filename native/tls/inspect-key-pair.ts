// Whether a key and its certificates can be used, and for whom: asked before anything is built on them.
import { altNames, keyKind } from './certificate.ts';
import { Context } from './context.ts';
import { useKeyPair, type KeyPair } from './key-pair.ts';
import { certificateFree, serverMethod } from './openssl.ts';
import { readCertificates } from './pem.ts';

export interface KeyPairFacts {
  /** DNS names of the leaf, lower case, wildcards as `*.suffix`. */
  readonly dns: readonly string[];
  /** Of its key: RSA, ECDSA, ... A server has use for one certificate of each. */
  readonly kind: number;
}

/** @throws TlsError that says what is wrong with it */
export function inspectKeyPair(pair: KeyPair): KeyPairFacts {
  new Context(serverMethod(), pair.name, (context) => useKeyPair(context, pair)).free();
  const certificates = readCertificates(pair.chain, pair.name);
  const [leaf = 0] = certificates;
  const facts = { dns: altNames(leaf).dns, kind: keyKind(leaf) };
  for (const certificate of certificates) certificateFree(certificate);
  return facts;
}
