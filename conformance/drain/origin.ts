// A backend of ours: it says its name, answers as late as it is asked to, and echoes what comes by an upgraded connection.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A request for /wait/N is answered after N milliseconds. */
export const WAIT_PATH = '/wait/';
/** Of other requests, as in the figures of peers. */
const USUAL_DELAY_MS = 10;
/** Longer than any pause of a load, so that it is never the backend that closes. */
const KEEP_ALIVE_MS = 120_000;

export class Origin implements AsyncDisposable {
  readonly name: string;
  readonly #server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
  readonly #sockets = new Set<Socket>();
  /** Requests that came, answered or not. */
  requests = 0;

  /** On `port` of 127.0.0.1, or one that is free. */
  static async open(name: string, port = 0): Promise<Origin> {
    const origin = new Origin(name);
    origin.#server.listen(port, '127.0.0.1', 4096);
    await once(origin.#server, 'listening');
    return origin;
  }

  private constructor(name: string) {
    this.name = name;
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('upgrade', echo);
    this.#server.on('request', (request, response) => {
      this.requests += 1;
      request.resume();
      setTimeout(() => {
        const body = `${this.name}\n`;
        response.writeHead(200, { 'content-length': body.length, 'x-origin': this.name });
        response.end(body);
      }, delayOf(request));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await once(this.#server, 'close');
  }
}

function delayOf({ url = '/' }: IncomingMessage): number {
  return url.startsWith(WAIT_PATH) ? Number.parseInt(url.slice(WAIT_PATH.length), 10) : USUAL_DELAY_MS;
}

function echo(_: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on('error', () => undefined);
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  socket.write(head);
  socket.pipe(socket);
}
