// Who is at the other end of a connection, by the certificate that it showed, and whether that is who was wanted.
import {
  altNames,
  certificateFacts,
  HOST_RULES,
  isExpired,
  namesHost,
  type CertificateFacts,
} from './certificate.ts';
import {
  certificateFree,
  setVerifiedHost,
  setVerifiedHostFlags,
  sslGetParameters,
  sslGetPeerCertificate,
  sslGetVerifyMode,
  sslGetVerifyResult,
  sslSetText,
  verifyErrorText,
} from './openssl.ts';
import { mustTls, TlsError } from './tls-error.ts';

const SET_SERVER_NAME = 55;
/** RFC 6066 section 3 and OpenSSL allow no more; longer ones would be cut or refused at every connection. */
const LONGEST_SERVER_NAME = 255;
const VERIFIED = 0;
/** SSL_VERIFY_FAIL_IF_NO_PEER_CERT. */
const VERIFY_REQUIRED = 2;
/** Names of a wrong certificate that an error shows. */
const SHOWN_NAMES = 5;

export interface Peer extends CertificateFacts {
  /** '' when the chain leads to a trusted root; else what is wrong with it. */
  readonly fault: string;
}

/** A name that a server's certificate may carry. */
export interface PeerName {
  readonly kind: 'dns' | 'uri';
  readonly value: string;
}

/** Which server is wanted. */
export interface ExpectedServer {
  /** Sent as SNI, and to be found in the certificate unless `names` says otherwise. */
  readonly serverName: string;
  /** One of them must be in the certificate; when empty, `serverName`. */
  readonly names: readonly PeerName[];
  /** Without agreement on this application protocol (ALPN) there is nothing to say. */
  readonly protocol?: string | undefined;
}

/** Before the handshake. @throws TlsError when the name cannot be sent */
export function expectServer(ssl: number, { serverName, names }: ExpectedServer): void {
  const { length } = serverName;
  if (length === 0 || length > LONGEST_SERVER_NAME)
    throw new TlsError(`server name of ${length} characters`, `must have 1 to ${LONGEST_SERVER_NAME}`);
  mustTls(sslSetText(ssl, SET_SERVER_NAME, 0, serverName), serverName, 'no name of a server');
  if (names.length > 0) return;
  const parameters = sslGetParameters(ssl);
  setVerifiedHostFlags(parameters, HOST_RULES);
  mustTls(setVerifiedHost(parameters, serverName, 0), serverName, 'no name of a host');
}

/** After the handshake: '' or why this is not the server that is wanted. The chain was verified by then. */
export function refuseServer(ssl: number, { names, protocol }: ExpectedServer, agreed: string): string {
  if (protocol !== undefined && protocol !== agreed)
    return `the server does not speak ${protocol} (ALPN: ${agreed || 'none'})`;
  if (names.length === 0) return '';
  return withPeer(ssl, (certificate) => {
    if (certificate === 0) return 'the server showed no certificate';
    const found = altNames(certificate);
    for (const { kind, value } of names)
      if (kind === 'uri' ? found.uri.includes(value) : namesHost(certificate, value)) return '';
    const shown = [...found.dns.map((name) => `dns:${name}`), ...found.uri.map((name) => `uri:${name}`)];
    return `the certificate is for ${shown.slice(0, SHOWN_NAMES).join(' ') || 'nobody'}, not for ${names
      .slice(0, SHOWN_NAMES)
      .map(({ kind, value }) => `${kind}:${value}`)
      .join(' or ')}`;
  });
}

/** What the peer showed; undefined when it showed nothing. */
export function peerOf(ssl: number): Peer | undefined {
  return withPeer(ssl, (certificate) => {
    if (certificate === 0) return undefined;
    const fault = isExpired(certificate) ? 'certificate has expired' : verifyFault(ssl);
    return { ...certificateFacts(certificate), fault };
  });
}

/** Sessions are resumed without looking at certificates again: one that is required and was valid then may be no more. */
export function requiredPeerExpired(ssl: number): boolean {
  if ((sslGetVerifyMode(ssl) & VERIFY_REQUIRED) === 0) return false;
  return withPeer(ssl, (certificate) => certificate !== 0 && isExpired(certificate));
}

/** What is wrong with the peer's chain; '' for nothing. */
export function verifyFault(ssl: number): string {
  const result = sslGetVerifyResult(ssl);
  return result === VERIFIED ? '' : (verifyErrorText(result) ?? `verify error ${result}`);
}

function withPeer<T>(ssl: number, use: (certificate: number) => T): T {
  const certificate = sslGetPeerCertificate(ssl);
  try {
    return use(certificate);
  } finally {
    if (certificate !== 0) certificateFree(certificate);
  }
}
