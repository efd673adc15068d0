// Application protocols (ALPN, RFC 7301) as OpenSSL wants them, and the choice of a server among those that a client offers.
import { allocatePinned, type Pinned } from '../memory.ts';
import { callbackFor, sslSelectAlpn } from './openssl.ts';

const SSL_TLSEXT_ERR_OK = 0;
const SSL_TLSEXT_ERR_ALERT_FATAL = 2;
const OPENSSL_NPN_NEGOTIATED = 1;

/** Names with their lengths before them. */
export function encodeProtocols(protocols: readonly string[]): Pinned {
  const bytes = protocols.flatMap((name) => [name.length, ...Buffer.from(name, 'latin1')]);
  const encoded = allocatePinned(bytes.length);
  encoded.buffer.set(bytes);
  return encoded;
}

/**
 * Function pointer for SSL_CTX_set_alpn_select_cb: the first of `protocols` that the client offers. When it offers others only,
 * the handshake fails with no_application_protocol (RFC 7301 section 3.2); when it offers none at all, this is not called.
 */
export function alpnCallback(protocols: Pinned): bigint {
  const { address, buffer } = protocols;
  return callbackFor(
    ['uint64', 'uint64', 'uint64', 'uint64', 'uint32', 'uint64'],
    (_ssl, out = 0, outLength = 0, offered = 0, offeredLength = 0) =>
      sslSelectAlpn(out, outLength, address, buffer.length, offered, offeredLength) === OPENSSL_NPN_NEGOTIATED
        ? SSL_TLSEXT_ERR_OK
        : SSL_TLSEXT_ERR_ALERT_FATAL,
  );
}
