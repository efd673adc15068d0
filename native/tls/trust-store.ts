// Sets of trusted certificates (X509_STORE) that contexts share: parsing the machine's takes tens of milliseconds.
import { getCACertificates } from 'node:tls';
import { certificateFree, contextShareStore, errClear, storeAdd, storeFree, storeNew } from './openssl.ts';
import { readCertificates } from './pem.ts';
import { mustTls } from './tls-error.ts';

/** Kept as long as the thread lives. */
let machine: number | undefined;

/** Trusts the certificates of `roots` (PEM), or those of the machine when it is ''. @throws TlsError */
export function trustRoots(context: number, roots: string, subject: string): void {
  if (roots === '') {
    machine ??= openStore(machineRoots(), "the machine's roots");
    contextShareStore(context, machine);
    return;
  }
  const store = openStore(roots, subject);
  contextShareStore(context, store);
  storeFree(store);
}

/** Where the machine has none, those that came with Node stand in. */
function machineRoots(): string {
  const own = getCACertificates('system');
  return (own.length > 0 ? own : getCACertificates('bundled')).join('\n');
}

function openStore(roots: string, subject: string): number {
  const certificates = readCertificates(roots, subject);
  const store = mustTls(storeNew(), subject, 'no memory');
  for (const certificate of certificates) {
    // Twice the same one is no error.
    if (storeAdd(store, certificate) !== 1) errClear();
    certificateFree(certificate);
  }
  return store;
}
