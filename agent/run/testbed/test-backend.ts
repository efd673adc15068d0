// An HTTP backend on loopback that answers its own name, at once or when it is told to.
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export class TestBackend {
  readonly port: number;
  readonly #server: Server;
  readonly #name: string;
  #toHold = 0;
  readonly #held: ServerResponse[] = [];

  private constructor(server: Server, name: string) {
    this.#server = server;
    this.#name = name;
    this.port = (server.address() as AddressInfo).port;
    server.on('request', (request, response) => {
      request.resume();
      if (this.#toHold > 0) {
        this.#toHold -= 1;
        this.#held.push(response);
      } else request.on('end', () => response.end(name));
    });
  }

  /** `port` 0: one that the kernel gives. */
  static async start(name: string, port = 0): Promise<TestBackend> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return new TestBackend(server, name);
  }

  /** The next `count` requests wait for `release`. Resolves when all have come. */
  async hold(count: number): Promise<void> {
    this.#toHold = count;
    while (this.#toHold > 0) await once(this.#server, 'request');
  }

  release(): void {
    for (const response of this.#held.splice(0)) response.end(this.#name);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => void this.#server.close(() => resolve()));
  }
}
