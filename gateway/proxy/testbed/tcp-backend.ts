// A TCP server that does with each connection what the test says; both halves of a connection end by themselves.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class TcpBackend {
  readonly port: number;
  readonly sockets: Socket[] = [];
  readonly #server: Server;

  static async start(serve: (socket: Socket) => void): Promise<TcpBackend> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpBackend(server, serve);
  }

  private constructor(server: Server, serve: (socket: Socket) => void) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => {
      this.sockets.push(socket);
      socket.on('error', () => undefined);
      serve(socket);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Sends back what comes, and ends when the client has. */
export function echo(socket: Socket): void {
  socket.pipe(socket);
}

/** Says its name at once and ends. */
export function name(text: string): (socket: Socket) => void {
  return (socket) => socket.end(text);
}
