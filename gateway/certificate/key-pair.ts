// A private key and its certificates, as a server or a client would use them: readable, belonging together, strong enough.
// What is wrong is said without a word of the key.
import { createPrivateKey, KeyObject, type X509Certificate } from 'node:crypto';
import { readPemCertificates } from './pem.ts';

/** NIST SP 800-57: 112 bits of security. OpenSSL refuses less by default. */
const LEAST_RSA_BITS = 2048;
const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const BROKEN_DIGEST = /md5|sha1(?!\d)/i;

interface KeyPairProblem {
  readonly message: string;
  readonly mend: string;
  /** It could be used, and must not. */
  readonly weak?: boolean;
}

export interface KeyPair {
  /** PEM, certificates only, as written. */
  readonly chain: string;
  /** PEM. */
  readonly key: string;
  /** Why it cannot be used. */
  readonly problem: KeyPairProblem | undefined;
  /** Of the leaf, when there is one: milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Whether the leaf is for that name, exact or `*.suffix`; true when there is no telling. */
  readonly covers: (hostname: string) => boolean;
}

/** Both in PEM. Never throws. */
export function readKeyPair(certificates: string, key: string): KeyPair {
  const { certificates: list, text, problem: badText } = readPemCertificates(certificates);
  const [leaf] = list;
  return {
    chain: text,
    key,
    problem:
      badText === undefined
        ? checkPair(list, key)
        : { message: `tls.crt: ${badText}`, mend: 'write the certificate in PEM, the leaf first' },
    notBefore: leaf === undefined ? 0 : Date.parse(leaf.validFrom),
    notAfter: leaf === undefined ? 0 : Date.parse(leaf.validTo),
    covers: (hostname) =>
      leaf === undefined || leaf.checkHost(hostname.replace('*', 'any'), { subject: 'never' }) !== undefined,
  };
}

function checkPair(certificates: readonly X509Certificate[], pem: string): KeyPairProblem | undefined {
  const [leaf] = certificates;
  const key = readKey(pem);
  if (!(key instanceof KeyObject)) return key;
  if (leaf === undefined) return undefined;
  if (!owns(leaf, key)) {
    return certificates.some((one) => owns(one, key))
      ? { message: 'tls.crt: the key belongs to a later certificate', mend: 'write the leaf first' }
      : {
          message: 'tls.key does not belong to tls.crt',
          mend: 'write the key that the certificate was made for',
        };
  }
  return checkStrength(leaf, key);
}

function readKey(pem: string): KeyObject | KeyPairProblem {
  if (pem.includes('ENCRYPTED'))
    return { message: 'tls.key is encrypted', mend: 'write the key without a passphrase' };
  try {
    return createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    // OpenSSL's reason is left out: it could quote what it read.
    return {
      message: 'tls.key is not a private key in PEM format',
      mend: 'write the key in PEM (PKCS#8, PKCS#1 or SEC1)',
    };
  }
}

function owns(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.checkPrivateKey(key);
  } catch {
    return false;
  }
}

function checkStrength(leaf: X509Certificate, key: KeyObject): KeyPairProblem | undefined {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  const mend = 'make a key of RSA with 2048 bits or more, or of P-256';
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      if (modulusLength < LEAST_RSA_BITS)
        return { message: `the RSA key has ${modulusLength} bits, which is too weak`, mend, weak: true };
      break;
    case 'ec':
      if (!CURVES.has(namedCurve))
        return { message: `keys of curve ${namedCurve ?? '?'} are not served`, mend, weak: true };
      break;
    case 'ed25519':
      break;
    default:
      return { message: `keys of type ${key.asymmetricKeyType ?? '?'} are not served`, mend, weak: true };
  }
  const { signatureAlgorithm = '' } = leaf;
  return BROKEN_DIGEST.test(signatureAlgorithm)
    ? {
        message: `tls.crt is signed with ${signatureAlgorithm}, which is broken`,
        mend: 'have it signed with SHA-256',
        weak: true,
      }
    : undefined;
}
