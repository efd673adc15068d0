// Proofs of the HTTP/2 scenarios: as many streams on one connection as under load, none answered before all have reached the origin.
import {
  connect,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { GRPC_HOST, GRPC_MESSAGE } from '../load/grpc-message.ts';
import { GRPC_PATH } from '../proxy/proxy.ts';
import { BODY_BYTES } from './inspector.ts';
import { expectBytes, expectSeen, expectThat, type Proof } from './proof.ts';

/** On one connection at once. */
export const STREAMS = 16;

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** HTTP/2 to the client, HTTP/1.1 to the origin. */
export const proveHttp2: Proof = async (front, signal) => {
  front.inspector.reset(STREAMS);
  const path = '/1k';
  for (const { headers, body } of await callTogether(front.ports.h2c, { ':path': path }, undefined, signal)) {
    expectThat('status', headers[':status'], 200);
    expectBytes('answer', body, Buffer.alloc(BODY_BYTES[path]!, 'x'));
  }
  for (const seen of expectSeen(front.inspector, STREAMS)) {
    expectThat('protocol to the origin', seen.version, '1.1');
    expectThat('path at the origin', seen.path, path);
  }
};

/** HTTP/2 on both sides. */
export const proveGrpc: Proof = async (front, signal) => {
  front.inspector.reset(STREAMS);
  const head = {
    ':method': 'POST',
    ':authority': GRPC_HOST,
    ':path': GRPC_PATH,
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  for (const answer of await callTogether(front.ports.h2c, head, GRPC_MESSAGE, signal)) {
    expectThat('status', answer.headers[':status'], 200);
    expectThat('content-type', answer.headers['content-type'], 'application/grpc');
    expectBytes('answer', answer.body, GRPC_MESSAGE);
    expectThat('grpc-status', answer.trailers['grpc-status'], '0');
  }
  for (const seen of expectSeen(front.inspector, STREAMS)) {
    expectThat('protocol to the origin', seen.version, '2.0');
    expectThat('path at the origin', seen.path, GRPC_PATH);
    expectThat('content-type at the origin', seen.headers['content-type'], 'application/grpc');
    expectThat('te at the origin', seen.headers['te'], 'trailers');
    expectBytes('message at the origin', seen.body, GRPC_MESSAGE);
  }
};

async function callTogether(
  port: number,
  head: OutgoingHttpHeaders,
  body: Buffer | undefined,
  signal: AbortSignal,
): Promise<Answer[]> {
  const session = connect(`http://127.0.0.1:${port}`);
  const cut = (): void =>
    session.destroy(new Error(`${STREAMS} streams on one connection: not all answered`));
  signal.addEventListener('abort', cut);
  try {
    return await new Promise((resolve, reject) => {
      session.on('error', reject);
      session.on('goaway', (code) => reject(new Error(`GOAWAY with code ${code}`)));
      Promise.all(Array.from({ length: STREAMS }, () => call(session, head, body))).then(resolve, reject);
    });
  } finally {
    signal.removeEventListener('abort', cut);
    session.destroy();
  }
}

function call(
  session: ClientHttp2Session,
  head: OutgoingHttpHeaders,
  body: Buffer | undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(head, { endStream: body === undefined });
    const chunks: Buffer[] = [];
    let headers: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    stream.on('response', (received) => (headers = received));
    stream.on('trailers', (received) => (trailers = received));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => resolve({ headers, trailers, body: Buffer.concat(chunks) }));
    stream.on('close', () => reject(new Error('a stream was closed without an answer')));
    if (body !== undefined) stream.end(body);
  });
}
