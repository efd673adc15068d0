// An HTTP backend on loopback that answers its own name, at once or when it is told to.
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export class TestBackend {
  readonly port: number;
  readonly #server: Server;
  readonly #name: string;
  /** Requests that wait for `release`; undefined: nobody waits. */
  #held: ServerResponse[] | undefined;

  private constructor(server: Server, name: string) {
    this.#server = server;
    this.#name = name;
    this.port = (server.address() as AddressInfo).port;
    server.on('request', (request, response) => {
      request.resume();
      request.on('end', () => this.#answer(response));
    });
  }

  /** `port` 0: one that the kernel gives. */
  static async start(name: string, port = 0): Promise<TestBackend> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return new TestBackend(server, name);
  }

  /** From now on requests wait. */
  hold(): void {
    this.#held = [];
  }

  /** Resolves when `count` requests wait. */
  async untilHeld(count: number): Promise<void> {
    while ((this.#held?.length ?? 0) < count) await once(this.#server, 'request');
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const response of held) response.end(this.#name);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => void this.#server.close(() => resolve()));
  }

  #answer(response: ServerResponse): void {
    if (this.#held === undefined) response.end(this.#name);
    else this.#held.push(response);
  }
}
