// A backend of HTTPS on loopback.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from '../machine/certificate.ts';

export class HttpsBackend {
  readonly port: number;
  readonly #server: Server;

  /** `onRequest` is told of every request, which is answered with `body`. */
  static async open(
    { certificate, key }: Certificate,
    body: string,
    onRequest: () => void = () => {},
  ): Promise<HttpsBackend> {
    const options = { cert: readFileSync(certificate), key: readFileSync(key) };
    const server = createServer(options, (request, response) => {
      request.resume();
      onRequest();
      response.end(body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new HttpsBackend(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  [Symbol.dispose](): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
