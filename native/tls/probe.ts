// Whether TLS can be served here at all: the node binary must export OpenSSL.
import { missingSymbols } from './openssl.ts';

/** '' when TLS works; else why not. */
export function tlsUnavailable(): string {
  if (missingSymbols.length === 0) return '';
  const names = missingSymbols.slice(0, 3).join(', ');
  return `this node binary does not export OpenSSL (${names}, ...)`;
}
