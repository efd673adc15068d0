// Puts a private key with its certificates into a context.
import { keyKind } from './certificate.ts';
import {
  certificateFree,
  contextCheckKey,
  contextControl,
  contextUseCertificate,
  contextUseKey,
  keyFree,
  keyType,
} from './openssl.ts';
import { readCertificates, readPrivateKey } from './pem.ts';
import { mustTls, TlsError } from './tls-error.ts';

const ADD_CHAIN_CERTIFICATE = 89;
/** The certificate is still to be freed by whoever gave it. */
const COUNTED = 1;
const NOT_ITS_KEY = 'the key does not belong to the certificate';

/** PEM, as a Secret of type kubernetes.io/tls has it: the leaf first, then its issuers. */
export interface KeyPair {
  /** What it is called in errors. */
  readonly name: string;
  readonly chain: string;
  readonly key: string;
}

/** A context takes one per kind of key (RSA, ECDSA) and shows what the client can verify. @throws TlsError */
export function useKeyPair(context: number, pair: KeyPair): void {
  const certificates = readCertificates(pair.chain, pair.name);
  try {
    const [leaf = 0, ...issuers] = certificates;
    mustTls(contextUseCertificate(context, leaf), pair.name, 'the certificate cannot be used');
    for (const issuer of issuers)
      mustTls(contextControl(context, ADD_CHAIN_CERTIFICATE, COUNTED, issuer), pair.name, 'bad issuer');
    const key = readPrivateKey(pair.key, pair.name);
    try {
      // OpenSSL would put it beside the certificate, for another one of its kind.
      if (keyType(key) !== keyKind(leaf)) throw new TlsError(pair.name, NOT_ITS_KEY);
      mustTls(contextUseKey(context, key), pair.name, NOT_ITS_KEY);
    } finally {
      keyFree(key);
    }
    mustTls(contextCheckKey(context), pair.name, NOT_ITS_KEY);
  } finally {
    for (const certificate of certificates) certificateFree(certificate);
  }
}
