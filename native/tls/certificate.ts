// What a certificate (an X509 of OpenSSL) says: whom it is for, until when, and which kind of key it has.
import { memcpy } from '../libc.ts';
import { allocatePinned } from '../memory.ts';
import {
  certificateEnd,
  certificateExtension,
  certificateKey,
  certificateSubject,
  checkCertificateHost,
  compareToNow,
  generalName,
  generalNamesFree,
  keyType,
  nameText,
  stackCount,
  stackItem,
  stringData,
  stringLength,
} from './openssl.ts';

const NID_SUBJECT_ALT_NAME = 85;
const GEN_DNS = 2;
const GEN_URI = 6;
/** Names in one certificate that are looked at. */
const MOST_NAMES = 10_000;
/** The subject is no name of a host (RFC 9525 section 6.3), nor is f*.example.com a wildcard. */
export const HOST_RULES: number = 0x20 | 0x4;

/** Names of a certificate's subjectAltName (RFC 5280 section 4.2.1.6). */
export interface AltNames {
  /** Lower case. */
  readonly dns: readonly string[];
  readonly uri: readonly string[];
}

export interface CertificateFacts extends AltNames {
  /** Distinguished name, in OpenSSL's one-line form. */
  readonly subject: string;
}

/** SPIFFE ids have at most 2048 bytes, names of hosts 253. */
const LONGEST_NAME = 2048;

const nameBytes = allocatePinned(LONGEST_NAME);
const typeOut = allocatePinned(4);
const subjectText = allocatePinned(1024);

export function altNames(certificate: number): AltNames {
  const dns: string[] = [];
  const uri: string[] = [];
  const names = certificateExtension(certificate, NID_SUBJECT_ALT_NAME, 0, 0);
  if (names !== 0) {
    const count = Math.min(stackCount(names), MOST_NAMES);
    for (let i = 0; i < count; i++) {
      const value = generalName(stackItem(names, i), typeOut.address);
      const type = typeOut.buffer.readInt32LE(0);
      if (type !== GEN_DNS && type !== GEN_URI) continue;
      const text = readString(value);
      // A name with a NUL or a blank is none, and would be shown as another one than it is.
      if (!/^[!-~]+$/.test(text)) continue;
      if (type === GEN_DNS) dns.push(text.toLowerCase());
      else uri.push(text);
    }
    generalNamesFree(names);
  }
  return { dns, uri };
}

export function certificateFacts(certificate: number): CertificateFacts {
  const length = subjectText.buffer.length;
  nameText(certificateSubject(certificate), subjectText.address, length);
  const end = subjectText.buffer.indexOf(0);
  const subject = subjectText.buffer.toString('latin1', 0, end < 0 ? length : end);
  return { subject, ...altNames(certificate) };
}

/** EVP_PKEY_RSA, EVP_PKEY_EC, ...; 0 for a key that cannot be used. */
export function keyKind(certificate: number): number {
  const key = certificateKey(certificate);
  return key === 0 ? 0 : keyType(key);
}

export function isExpired(certificate: number): boolean {
  return compareToNow(certificateEnd(certificate)) <= 0;
}

/** Whether one of its DNS names is `name`, wildcards standing for one label (RFC 9525 section 6.3). */
export function namesHost(certificate: number, name: string): boolean {
  return checkCertificateHost(certificate, name, 0, HOST_RULES, 0) === 1;
}

function readString(value: number): string {
  const length = stringLength(value);
  if (length <= 0 || length > LONGEST_NAME) return '';
  memcpy(nameBytes.address, stringData(value), length);
  return nameBytes.buffer.toString('latin1', 0, length);
}
