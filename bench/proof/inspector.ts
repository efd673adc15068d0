// The origin of the proofs, in our own process: it answers as the origins of the load do and remembers what reached it. It can hold
// answers until as many requests as wanted are in flight.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { GRPC_MESSAGE } from '../load/grpc-message.ts';
import type { OriginPorts } from '../proxy/proxy.ts';

export interface SeenRequest {
  readonly version: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** Of the connection that it came by. */
  readonly remotePort: number;
}

export const BODY_BYTES: Readonly<Record<string, number>> = { '/1k': 1024, '/1m': 1 << 20, '/post': 1024 };
/** RFC 6455 section 1.3. */
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export class Inspector implements AsyncDisposable {
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #web = createServer({ keepAliveTimeout: 60_000 });
  readonly #grpc = createHttp2Server();
  #seen: SeenRequest[] = [];
  #waiting: (() => void)[] = [];
  #together = 1;

  static async open(): Promise<Inspector> {
    const inspector = new Inspector();
    inspector.#serve();
    for (const server of [inspector.#web, inspector.#grpc]) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    return inspector;
  }

  get ports(): OriginPorts {
    const port = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;
    return { web: port(this.#web), grpc: port(this.#grpc) };
  }

  /** Forgets what was seen. From now on no request is answered before `together` of them are in flight. */
  reset(together: number): void {
    this.#seen = [];
    this.#waiting = [];
    this.#together = together;
  }

  get seen(): readonly SeenRequest[] {
    return this.#seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([this.#web, this.#grpc].map((server) => new Promise((done) => server.close(done))));
  }

  #serve(): void {
    this.#web.on('connection', (socket: Socket) => this.#keep(socket));
    this.#web.on('request', (request, response) => {
      this.#take(request, () => {
        const bytes = BODY_BYTES[request.url ?? ''];
        response.statusCode = bytes === undefined ? 404 : 200;
        response.setHeader('content-type', 'text/plain');
        response.end(Buffer.alloc(bytes ?? 0, 'x'));
      });
    });
    this.#web.on('upgrade', (request: IncomingMessage, socket: Socket) => {
      this.#remember(request, Buffer.alloc(0));
      const key = `${request.headers['sec-websocket-key']}${WEBSOCKET_GUID}`;
      const accept = createHash('sha1').update(key).digest('base64');
      const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
      socket.write(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`);
    });
    this.#grpc.on('session', (session: ServerHttp2Session) => this.#sessions.add(session));
    this.#grpc.on('request', (request, response) => {
      this.#take(request, () => {
        response.setHeader('content-type', 'application/grpc');
        response.addTrailers({ 'grpc-status': '0' });
        response.end(GRPC_MESSAGE);
      });
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // A proxy that is stopped cuts its connections: nothing to tell.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #take(request: IncomingMessage | Http2ServerRequest, answer: () => void): void {
    const take = async (): Promise<void> => {
      this.#remember(request, await readBody(request));
      this.#whenTogether(answer);
    };
    // Whoever cuts a request finds no trace of it in `seen`.
    take().catch(() => undefined);
  }

  #remember(request: IncomingMessage | Http2ServerRequest, body: Buffer): void {
    this.#seen.push({
      version: request.httpVersion,
      method: request.method ?? '',
      path: request.url ?? '',
      headers: { ...request.headers },
      body,
      remotePort: request.socket.remotePort ?? 0,
    });
  }

  #whenTogether(answer: () => void): void {
    this.#waiting.push(answer);
    if (this.#waiting.length < this.#together) return;
    const all = this.#waiting;
    this.#waiting = [];
    for (const one of all) one();
  }
}

async function readBody(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
