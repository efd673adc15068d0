// The certificates of a PEM text (RFC 7468). Everything else in it is left behind: people put keys beside their certificates.
import { X509Certificate } from 'node:crypto';

const BLOCK = /-----BEGIN (?:X509 )?CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END (?:X509 )?CERTIFICATE-----/g;
const BEGIN = /-----BEGIN (?:X509 )?CERTIFICATE-----/g;

export interface PemCertificates {
  readonly certificates: readonly X509Certificate[];
  /** Each as PEM, in the order written, also when one of them cannot be read. */
  readonly text: string;
  /** Why not all of them can be used, in words that hold nothing of the text. */
  readonly problem: string | undefined;
}

export function readPemCertificates(pem: string): PemCertificates {
  const blocks = pem.match(BLOCK) ?? [];
  const written = pem.match(BEGIN)?.length ?? 0;
  const text = blocks.map((block) => `${block}\n`).join('');
  const certificates: X509Certificate[] = [];
  let problem =
    written === 0
      ? 'no certificate in PEM format'
      : blocks.length < written
        ? 'a certificate without an end, or with letters that PEM does not have'
        : undefined;
  for (const [index, block] of blocks.entries()) {
    try {
      certificates.push(new X509Certificate(block));
    } catch {
      problem ??= `certificate ${index + 1} of ${blocks.length} cannot be read`;
    }
  }
  return { certificates, text, problem };
}
