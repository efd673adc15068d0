// Proofs of the HTTP/1.1 scenarios: two requests one after the other, on one connection or on one each.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request as startRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as TlsAgent, request as startTlsRequest } from 'node:https';
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { CIPHER, SERVER_NAME, type Certificate } from '../machine/certificate.ts';
import { BODY_BYTES } from './inspector.ts';
import { expectBytes, expectSeen, expectThat, type Front, type Proof } from './proof.ts';

export interface Http1Work {
  readonly method: 'GET' | 'POST';
  /** One of BODY_BYTES. */
  readonly path: string;
  readonly body?: Buffer;
  /** A connection for each request; the one to the origin is kept all the same. */
  readonly close?: boolean;
  readonly tls?: boolean;
}

export const proveHttp1 =
  (work: Http1Work): Proof =>
  async (front, signal) => {
    front.inspector.reset(1);
    const agent = makeAgent(front, work);
    try {
      for (const turn of [1, 2]) await exchange(front, work, agent, turn, signal);
    } finally {
      agent.destroy();
    }
    const [first, second] = expectSeen(front.inspector, 2);
    for (const seen of [first!, second!]) {
      expectThat('protocol to the origin', seen.version, '1.1');
      expectThat('method at the origin', seen.method, work.method);
      expectThat('path at the origin', seen.path, work.path);
      expectBytes('body at the origin', seen.body, work.body ?? Buffer.alloc(0));
    }
    expectThat('connection to the origin is kept', first!.remotePort === second!.remotePort, true);
  };

function makeAgent({ certificate }: Front, { close = false, tls = false }: Http1Work): Agent {
  const options = { keepAlive: !close, maxSockets: 1 };
  if (!tls) return new Agent(options);
  return new TlsAgent({
    ...options,
    ca: readFileSync(certificate.certificate),
    servername: SERVER_NAME,
    minVersion: 'TLSv1.3',
    ciphers: CIPHER,
    ecdhCurve: 'P-256',
  });
}

async function exchange(
  { ports, certificate }: Front,
  { method, path, body, close = false, tls = false }: Http1Work,
  agent: Agent,
  turn: number,
  signal: AbortSignal,
): Promise<void> {
  const where = { host: '127.0.0.1', port: tls ? ports.https : ports.http, agent, signal };
  const headers = {
    ...(body === undefined ? {} : { 'content-length': body.length }),
    ...(close ? { connection: 'close' } : {}),
  };
  const options: RequestOptions = { ...where, method, path, headers };
  const request = tls ? startTlsRequest(options) : startRequest(options);
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  // Of a kept connection, the socket leaves the response with its end.
  const socket = response.socket as TLSSocket;
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  expectThat('status', response.statusCode, 200);
  expectThat('protocol to the client', response.httpVersion, '1.1');
  expectBytes('answer', Buffer.concat(chunks), Buffer.alloc(BODY_BYTES[path]!, 'x'));
  if (close) expectThat('connection of the answer', response.headers.connection?.toLowerCase(), 'close');
  else if (turn > 1) expectThat('connection of the client is kept', request.reusedSocket, true);
  if (tls) expectTls(socket, certificate);
}

/** What every proxy must agree on, so that none gets away with cheaper cryptography. */
function expectTls(socket: TLSSocket, { certificate }: Certificate): void {
  const own = new X509Certificate(readFileSync(certificate));
  expectThat('TLS version', socket.getProtocol(), 'TLSv1.3');
  expectThat('cipher', socket.getCipher().standardName, CIPHER);
  expectThat('certificate', socket.getPeerX509Certificate()?.fingerprint256, own.fingerprint256);
  expectThat('key exchange', JSON.stringify(socket.getEphemeralKeyInfo()), KEY_EXCHANGE);
  expectThat('resumed session', socket.isSessionReused(), false);
}

const KEY_EXCHANGE = JSON.stringify({ type: 'ECDH', name: 'prime256v1', size: 256 });
