// A second opinion on request heads: llhttp in the node binary, by way of node:http on a stream that is no socket.
import { createServer, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';

export type Opinion =
  | {
      readonly kind: 'request';
      readonly method: string;
      readonly target: string;
      readonly version: string;
      /** Name, value, name, value ... as they came. */
      readonly lines: readonly string[];
    }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'incomplete' };

export class SecondParser {
  #opinion: Opinion = { kind: 'incomplete' };
  readonly #server = createServer({
    maxHeaderSize: 1 << 20,
    requireHostHeader: false,
    keepAlive: false,
    // No timers: there are many streams, each gone at once.
    connectionsCheckingInterval: 0x7fffffff,
    requestTimeout: 0,
    headersTimeout: 0,
  });

  constructor() {
    this.#server.maxHeadersCount = 0;
    const accept = (request: IncomingMessage): void => {
      const { method = '', url = '', httpVersion, rawHeaders } = request;
      // The first one counts: what follows it is another message.
      if (this.#opinion.kind === 'incomplete')
        this.#opinion = { kind: 'request', method, target: url, version: httpVersion, lines: rawHeaders };
    };
    this.#server.on('request', accept);
    this.#server.on('checkContinue', accept);
    this.#server.on('checkExpectation', accept);
    this.#server.on('upgrade', accept);
    this.#server.on('connect', accept);
    this.#server.on('clientError', (error: NodeJS.ErrnoException) => {
      if (this.#opinion.kind === 'incomplete') this.#opinion = { kind: 'refused', code: error.code ?? '' };
    });
  }

  async ask(bytes: Buffer): Promise<Opinion> {
    this.#opinion = { kind: 'incomplete' };
    const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    stream.on('error', () => undefined);
    this.#server.emit('connection', stream);
    stream.push(bytes);
    // The stream hands its data over in a tick; two turns are more than enough.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#opinion.kind === 'incomplete') await new Promise((resolve) => setImmediate(resolve));
    stream.destroy();
    return this.#opinion;
  }
}
