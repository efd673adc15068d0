// Somebody who has nothing to do with Sluice and takes ports that the proxy had.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { ListeningPort } from './listening-ports.ts';

export class Stranger {
  readonly #servers: readonly Server[];
  connections = 0;

  private constructor(servers: readonly Server[]) {
    this.#servers = servers;
    for (const server of servers)
      server.on('connection', (socket) => {
        this.connections += 1;
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 8\r\nconnection: close\r\n\r\nstranger');
      });
  }

  static async listen(ports: readonly ListeningPort[]): Promise<Stranger> {
    assert.ok(ports.length > 0);
    const servers: Server[] = [];
    for (const { host, port } of ports) {
      const server = createServer();
      await once(server.listen(port, host), 'listening');
      servers.push(server);
    }
    return new Stranger(servers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await new Promise((resolve) => void server.close(resolve));
  }
}
