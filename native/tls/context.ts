// What all contexts (SSL_CTX) have in common: versions, ciphers, groups and modes. Only what is safe without further thought:
// TLS 1.2 with forward secrecy and AEAD, TLS 1.3, no renegotiation, no compression, no early data (its default of 0 bytes).
import {
  contextControl,
  contextFree,
  contextNew,
  contextParameters,
  contextSetCiphers,
  contextSetOptions,
  contextSetReadBuffer,
  contextSetSuites,
  contextSetText,
  setVerifyFlags,
} from './openssl.ts';
import { mustTls } from './tls-error.ts';

// Commands of SSL_CTX_ctrl (include/openssl/ssl.h).
const SET_MODE = 33;
const SET_READ_AHEAD = 41;
const SET_GROUPS = 92;
const SET_MIN_VERSION = 123;
const SET_MAX_VERSION = 124;

const TLS_1_2 = 0x0303;
const TLS_1_3 = 0x0304;
const ENABLE_PARTIAL_WRITE = 1;
const ACCEPT_MOVING_WRITE_BUFFER = 2;
const RELEASE_BUFFERS = 0x10;
const NO_COMPRESSION = 1 << 17;
const CIPHER_SERVER_PREFERENCE = 1 << 22;
const NO_RENEGOTIATION = 1 << 30;
/** Any certificate that is given as trusted ends a chain, as in Go: an intermediate may be trusted alone. */
const PARTIAL_CHAIN = 0x80000;

const SUITES = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';
/** TLS 1.2: ephemeral keys only (no RSA key exchange), AEAD only. */
const CIPHERS = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');
/** NIST's curves first: they are what FIPS allows. */
const GROUPS = 'P-256:P-384:X25519';

/**
 * Bytes that one read takes from the kernel: two records and more, so that a single record can never fill it. What tells a
 * drained connection from one that is not relies on that (TlsConnection.recv).
 */
const READ_BUFFER = 40_000;

/** An SSL_CTX. Connections hold it themselves: freeing it only lets go of ours. */
export class Context {
  readonly address: number;
  #open = true;

  /** `fill` makes it what it is to be; when it throws, nothing is left behind. @throws TlsError */
  constructor(method: number, subject: string, fill: (address: number) => void) {
    this.address = mustTls(contextNew(method), subject, 'no memory');
    try {
      setDefaults(this.address, subject);
      fill(this.address);
    } catch (error) {
      this.free();
      throw error;
    }
  }

  free(): void {
    if (!this.#open) return;
    this.#open = false;
    contextFree(this.address);
  }
}

function setDefaults(context: number, subject: string): void {
  contextControl(context, SET_MIN_VERSION, TLS_1_2, 0);
  contextControl(context, SET_MAX_VERSION, TLS_1_3, 0);
  contextSetOptions(context, NO_COMPRESSION | CIPHER_SERVER_PREFERENCE | NO_RENEGOTIATION);
  mustTls(contextSetCiphers(context, CIPHERS), subject, 'no cipher is available');
  mustTls(contextSetSuites(context, SUITES), subject, 'no cipher suite is available');
  mustTls(contextSetText(context, SET_GROUPS, 0, GROUPS), subject, 'no group is available');
  contextControl(context, SET_MODE, ENABLE_PARTIAL_WRITE | ACCEPT_MOVING_WRITE_BUFFER | RELEASE_BUFFERS, 0);
  contextControl(context, SET_READ_AHEAD, 1, 0);
  contextSetReadBuffer(context, READ_BUFFER);
  setVerifyFlags(contextParameters(context), PARTIAL_CHAIN);
}
