// A backend that keeps the bytes it got and answers exactly the bytes that the test wants.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface ReceivedRequest {
  readonly head: string;
  /** As it came, chunked or not. */
  readonly body: string;
  /** Which connection it came on, counted from 0. */
  readonly connection: number;
  readonly socket: Socket;
  header(name: string): string | undefined;
}

/** Sends the answer; by default 200 with the body's length. */
export type Respond = (request: ReceivedRequest) => void;

const END = '\r\n\r\n';

export class RawBackend {
  readonly port: number;
  /** Complete requests in the order they came. */
  readonly requests: ReceivedRequest[] = [];
  readonly sockets: Socket[] = [];
  respond: Respond;
  /** Called with every head, before its body has come. */
  onHead: ((head: string, socket: Socket) => void) | undefined;
  readonly #server: Server;

  static async start(respond: Respond = ok('ok')): Promise<RawBackend> {
    const server = createServer({ allowHalfOpen: false, noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RawBackend(server, respond);
  }

  private constructor(server: Server, respond: Respond) {
    this.#server = server;
    this.respond = respond;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.#serve(socket));
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #serve(socket: Socket): void {
    const connection = this.sockets.push(socket) - 1;
    let bytes = '';
    let seen = -1;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      bytes += chunk.toString('latin1');
      for (;;) {
        const headEnd = bytes.indexOf(END);
        if (headEnd < 0) return;
        const head = bytes.slice(0, headEnd + END.length);
        if (seen !== this.requests.length) {
          seen = this.requests.length;
          this.onHead?.(head, socket);
        }
        const bodyEnd = endOfBody(bytes, head);
        if (bodyEnd < 0) return;
        const request: ReceivedRequest = {
          head,
          body: bytes.slice(head.length, bodyEnd),
          connection,
          socket,
          header: (name) => new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'im').exec(head)?.[1],
        };
        bytes = bytes.slice(bodyEnd);
        this.requests.push(request);
        this.respond(request);
      }
    });
  }
}

/** Answers 200 with `body`. */
export function ok(body: string, lines = ''): Respond {
  return ({ socket }) =>
    socket.write(`HTTP/1.1 200 OK\r\n${lines}Content-Length: ${body.length}\r\n\r\n${body}`);
}

/** Answers these bytes; `close` ends the connection after them. */
export function raw(text: string, close = false): Respond {
  return ({ socket }) => {
    if (close) socket.end(text, 'latin1');
    else socket.write(text, 'latin1');
  };
}

function endOfBody(bytes: string, head: string): number {
  const length = /^content-length: *(\d+)\r$/im.exec(head)?.[1];
  if (length !== undefined) {
    const end = head.length + Number(length);
    return bytes.length >= end ? end : -1;
  }
  if (!/^transfer-encoding: *chunked\r$/im.test(head)) return head.length;
  for (let at = head.length; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return -1;
    const size = Number.parseInt(bytes.slice(at, lineEnd), 16);
    at = lineEnd + 2;
    if (size > 0) {
      at += size + 2;
      continue;
    }
    if (bytes.startsWith('\r\n', at)) return at + 2;
    const end = bytes.indexOf(END, at);
    return end < 0 ? -1 : end + END.length;
  }
}
