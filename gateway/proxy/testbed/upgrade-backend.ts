// A backend that leaves HTTP when it is asked to: 101, then it sends back what it gets.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: x\r\n\r\n';

export class UpgradeBackend {
  readonly port: number;
  /** Heads in the order they came. */
  readonly heads: string[] = [];
  readonly sockets: Socket[] = [];
  readonly #server: Server;
  readonly #answer: string;

  /** `answer` takes the place of the agreement. */
  static async start(answer: string = SWITCH): Promise<UpgradeBackend> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new UpgradeBackend(server, answer);
  }

  private constructor(server: Server, answer: string) {
    this.#server = server;
    this.#answer = answer;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.#serve(socket));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.sockets.push(socket);
    let head = '';
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('data', (chunk) => {
      if (head.endsWith('\r\n\r\n')) {
        if (!socket.write(chunk)) {
          socket.pause();
          socket.once('drain', () => socket.resume());
        }
        return;
      }
      head += chunk.toString('latin1');
      if (!head.endsWith('\r\n\r\n')) return;
      this.heads.push(head);
      socket.write(this.#answer);
    });
  }
}
