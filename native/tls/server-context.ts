// The context of a server: its certificates, whom it asks for theirs, what it speaks, and its session tickets.
import { addressOf } from '../libc.ts';
import { holding } from '../memory.ts';
import { Context } from './context.ts';
import { useKeyPair, type KeyPair } from './key-pair.ts';
import {
  callbackFor,
  certificateFree,
  contextAddClientCa,
  contextSetAlpnSelect,
  contextSetOptions,
  contextSetScope,
  contextSetTicketKeys,
  contextSetTickets,
  contextSetTimeout,
  contextSetVerify,
  contextStore,
  contextControl,
  errClear,
  serverMethod,
  storeAdd,
} from './openssl.ts';
import { readCertificates } from './pem.ts';
import { mustTls } from './tls-error.ts';

const SET_SESSION_CACHE_MODE = 44;
const CACHE_OFF = 0;
const NO_TICKET = 1 << 14;
const VERIFY_PEER = 1;
const VERIFY_REQUIRED = 2;
/** How long a session may be resumed. */
const SESSION_SECONDS = 7200;
/** Browsers open several connections at once; each wants a ticket of its own (RFC 8446 appendix C.4). */
const TICKETS = 2;
/** Bytes of a session id context. */
const SCOPE_BYTES = 32;

interface ClientCertificates {
  /** PEM certificates that are trusted. */
  readonly roots: string;
  /** Without a valid one there is no connection. Otherwise there is, and `TlsConnection.peer` says what came. */
  readonly required: boolean;
}

export interface ServerContextOptions {
  /** What it is called in errors. */
  readonly name: string;
  /** At most one per kind of key. */
  readonly certificates: readonly KeyPair[];
  /** From `alpnCallback`; none for a protocol of its own. */
  readonly alpn?: bigint;
  /** From `TicketKeys.callback`; without it, sessions are not resumed. */
  readonly tickets?: bigint;
  readonly clients?: ClientCertificates | undefined;
  /**
   * SCOPE_BYTES that stand for everything a resumed session must not evade, above all the trusted roots of client
   * certificates: a ticket of another scope leads to a full handshake.
   */
  readonly scope: Buffer;
}

/** @throws TlsError that names the certificate or the roots at fault */
export function openServerContext(options: ServerContextOptions): Context {
  const { name, certificates, alpn, tickets, clients, scope } = options;
  return new Context(serverMethod(), name, (context) => {
    for (const pair of certificates) useKeyPair(context, pair);
    if (clients !== undefined) askClients(context, clients, name);
    if (alpn !== undefined) contextSetAlpnSelect(context, alpn, 0);
    contextControl(context, SET_SESSION_CACHE_MODE, CACHE_OFF, 0);
    holding(scope, () => contextSetScope(context, addressOf(scope), Math.min(scope.length, SCOPE_BYTES)));
    contextSetTimeout(context, SESSION_SECONDS);
    if (tickets === undefined) {
      contextSetTickets(context, 0);
      contextSetOptions(context, NO_TICKET);
    } else {
      contextSetTickets(context, TICKETS);
      contextSetTicketKeys(context, tickets);
    }
  });
}

function askClients(context: number, clients: ClientCertificates, name: string): void {
  const store = contextStore(context);
  const roots = readCertificates(clients.roots, `${name}: roots of client certificates`);
  for (const root of roots) {
    // Twice the same one is no error.
    if (storeAdd(store, root) !== 1) errClear();
    mustTls(contextAddClientCa(context, root), name, 'bad root');
    certificateFree(root);
  }
  if (clients.required) contextSetVerify(context, VERIFY_PEER | VERIFY_REQUIRED, 0);
  else contextSetVerify(context, VERIFY_PEER, acceptAny());
}

let anyAccepted: bigint | undefined;

/** A verify callback that lets the handshake go on; what was wrong stays in the connection's verify result. */
function acceptAny(): bigint {
  anyAccepted ??= callbackFor(['int', 'uint64'], () => 1);
  return anyAccepted;
}
