// Certificates and keys out of PEM text in memory (RFC 7468). What is read is the caller's to free.
import { holding } from '../memory.ts';
import { addressOf } from '../libc.ts';
import {
  bioFree,
  bioOverMemory,
  certificateFree,
  errClear,
  readPemCertificate,
  readPemKey,
} from './openssl.ts';
import { takeReason, TlsError } from './tls-error.ts';

/** Beyond it nothing is parsed: no Secret is larger (1 MiB), a bundle of all public roots has some 250 KB. */
const LARGEST_PEM = 4 * 1024 * 1024;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const CERTIFICATE = /-----BEGIN (?:X509 )?CERTIFICATE-----/g;

/** Every certificate of `pem` in its order, at least one. @throws TlsError when one of them cannot be read */
export function readCertificates(pem: string, subject: string): number[] {
  // What is no certificate is skipped (PEM may hold anything); what is marked as one and cannot be read is not.
  const count = pem.match(CERTIFICATE)?.length ?? 0;
  if (count === 0) throw new TlsError(subject, 'holds no certificate');
  const certificates: number[] = [];
  const failure = withBio(pem, subject, (bio) => {
    while (certificates.length < count) {
      const certificate = readPemCertificate(bio, 0, 0, 0);
      if (certificate === 0) return takeReason('not a certificate');
      certificates.push(certificate);
    }
    return undefined;
  });
  errClear();
  if (failure === undefined) return certificates;
  const number = certificates.length + 1;
  for (const certificate of certificates) certificateFree(certificate);
  throw new TlsError(subject, `certificate ${number} of ${count}: ${failure}`);
}

/** The first private key of `pem`, without a passphrase. @throws TlsError */
export function readPrivateKey(pem: string, subject: string): number {
  if (!PRIVATE_KEY.test(pem)) throw new TlsError(subject, 'holds no private key');
  return withBio(pem, subject, (bio) => {
    // Given as the passphrase, '' keeps OpenSSL from asking the terminal for one.
    const key = readPemKey(bio, 0, 0, '');
    if (key === 0) throw new TlsError(subject, takeReason('holds no private key'));
    errClear();
    return key;
  });
}

function withBio<T>(pem: string, subject: string, use: (bio: number) => T): T {
  const bytes = Buffer.from(pem, 'latin1');
  if (bytes.length > LARGEST_PEM) throw new TlsError(subject, `larger than ${LARGEST_PEM} bytes`);
  return holding(bytes, () => {
    const bio = bioOverMemory(addressOf(bytes), bytes.length);
    if (bio === 0) throw new TlsError(subject, takeReason('no memory'));
    try {
      return use(bio);
    } finally {
      bioFree(bio);
      // The copy of a private key does not stay in memory.
      bytes.fill(0);
    }
  });
}
