// One TLS connection of a client that plays by the rules: what was agreed, and the answer to one request.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { Certificate } from '../machine/certificate.ts';

const PATIENCE_MS = 5000;

export interface Handshake {
  readonly port: number;
  /** '' for none. */
  readonly serverName?: string;
  readonly certificate?: Certificate;
  readonly options?: ConnectionOptions;
}

export interface Agreed {
  readonly protocol: string;
  readonly cipher: string;
  /** false when none was chosen. */
  readonly alpn: string | false;
  readonly resumed: boolean;
  /** subjectAltName of the server's certificate. */
  readonly names: string;
  readonly serial: string;
  /** Name of the group, for a full handshake. */
  readonly group: string | undefined;
  /** Status line of the answer; undefined when nothing was asked. */
  readonly status: string | undefined;
  /** The newest session, to be resumed. */
  readonly session: Buffer | undefined;
}

/** Asks for / over HTTP/1.1 unless `ask` is false. Throws with the reason when there is no handshake, or no answer. */
export async function shakeHands(handshake: Handshake, ask = true): Promise<Agreed> {
  const socket = openTls(handshake);
  let session: Buffer | undefined;
  socket.on('session', (one: Buffer) => (session = one));
  // What comes later is seen by who waits for it.
  socket.on('error', () => undefined);
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(PATIENCE_MS) });
    const certificate = socket.getPeerCertificate();
    const status = ask ? await askFor(socket, handshake.serverName ?? 'localhost') : undefined;
    return {
      protocol: socket.getProtocol() ?? '',
      cipher: socket.getCipher().standardName,
      alpn: socket.alpnProtocol ?? false,
      resumed: socket.isSessionReused(),
      names: certificate.subjectaltname ?? '',
      serial: certificate.serialNumber,
      group: (socket.getEphemeralKeyInfo() as { name?: string } | null)?.name,
      status,
      session,
    };
  } finally {
    socket.destroy();
  }
}

/** Without a look at the server's certificate. */
export function openTls({ port, serverName = 'localhost', certificate, options }: Handshake): TLSSocket {
  return connect({
    host: '127.0.0.1',
    port,
    servername: serverName,
    rejectUnauthorized: false,
    ...(certificate === undefined
      ? {}
      : { cert: readFileSync(certificate.certificate), key: readFileSync(certificate.key) }),
    ...options,
  });
}

/** The status line. With TLS 1.3 a client learns only now that its certificate was refused. */
async function askFor(socket: TLSSocket, host: string): Promise<string> {
  socket.write(`GET / HTTP/1.1\r\nHost: ${host === '' ? 'localhost' : host}\r\nConnection: close\r\n\r\n`);
  const failed = once(socket, 'close').then(() => {
    throw new Error('closed without an answer');
  });
  failed.catch(() => undefined);
  const [head] = (await Promise.race([
    once(socket, 'data', { signal: AbortSignal.timeout(PATIENCE_MS) }),
    failed,
  ])) as [Buffer];
  return head.toString('latin1').split('\r\n', 1)[0] ?? '';
}

/** The reason why `handshake` is refused; undefined when it is not. */
export async function findRefusal(handshake: Handshake): Promise<string | undefined> {
  try {
    const { status } = await shakeHands(handshake);
    return status?.startsWith('HTTP/1.1 2') === true ? undefined : status;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
