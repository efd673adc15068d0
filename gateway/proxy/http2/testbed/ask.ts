// node:http2 as a client and as a backend: another implementation to agree with.
import { once } from 'node:events';
import {
  connect,
  createServer,
  type ClientHttp2Session,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Snapshot } from '../../../model/snapshot.ts';
import { snapshotOf } from '../../testbed/test-proxy.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders;
  /** Statuses of interim answers. */
  readonly interim: readonly number[];
  /** Of RST_STREAM. */
  readonly code: number;
}

export function open(port: number): ClientHttp2Session & Disposable {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  return Object.assign(session, { [Symbol.dispose]: () => session.destroy() });
}

/** One request on a session, with a body and trailers if they are given. Throws when the stream is reset with an error. */
export async function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: Buffer | string,
  sent?: OutgoingHttpHeaders,
): Promise<Answer> {
  const stream = session.request(headers, {
    endStream: body === undefined && sent === undefined,
    waitForTrailers: sent !== undefined,
  });
  if (sent !== undefined) stream.on('wantTrailers', () => stream.sendTrailers(sent));
  if (body !== undefined || sent !== undefined) stream.end(body ?? '');
  const interim: number[] = [];
  let trailers: IncomingHttpHeaders = {};
  stream.on('headers', (early) => interim.push(Number(early[':status'])));
  stream.on('trailers', (late) => (trailers = late));
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  const [received] = (await once(stream, 'response')) as [IncomingHttpHeaders];
  if (!stream.closed) await once(stream, 'close');
  return {
    status: Number(received[':status']),
    headers: received,
    body: Buffer.concat(pieces),
    trailers,
    interim,
    code: stream.rstCode ?? 0,
  };
}

export type Serve = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** A backend that speaks HTTP/2 by prior knowledge. */
export class Http2Backend {
  readonly port: number;
  /** Connections that it got. */
  sessions = 0;
  serve: Serve;
  readonly server: Http2Server;

  static async start(serve: Serve, maxConcurrentStreams = 100): Promise<Http2Backend> {
    const server = createServer({ settings: { maxConcurrentStreams } });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Http2Backend(server, serve);
  }

  private constructor(server: Http2Server, serve: Serve) {
    this.server = server;
    this.serve = serve;
    this.port = (server.address() as AddressInfo).port;
    server.on('session', (session) => {
      this.sessions++;
      session.on('error', () => undefined);
    });
    server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      stream.on('error', () => undefined);
      this.serve(stream, headers);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    await Promise.resolve();
  }
}

/** The same, with endpoints that speak HTTP/2. */
export function http2Snapshot(port: number, endpoints: readonly number[], revision = 1): Snapshot {
  const snapshot = snapshotOf([port], endpoints, undefined, revision);
  return {
    ...snapshot,
    clusters: snapshot.clusters.map((cluster) => ({ ...cluster, protocol: 'http2' as const })),
  };
}
