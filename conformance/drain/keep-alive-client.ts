// One client of the load: requests one after the other over raw sockets, so that every way of being closed is seen.
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const PATIENCE_MS = 5000;
const HEAD_END = Buffer.from('\r\n\r\n');

export interface ClientOptions {
  readonly port: number;
  /** False: a connection for each request. */
  readonly keepAlive: boolean;
  /** Over TLS, without a look at the certificate. */
  readonly tls?: boolean;
}

/** Closed by the gateway before the first byte of an answer, on a connection that had served before: safe to repeat. */
const RACED = new Error('closed between two requests');

export class KeepAliveClient {
  readonly #options: ClientOptions;
  #socket: Socket | undefined;
  /** What came of the answer; undefined between requests. */
  #received: Buffer | undefined;
  #settle: ((error: Error | undefined) => void) | undefined;
  #served = false;
  /** Unannounced closes between two requests. */
  idleCloses = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Resolves with the head of the answer when all of it is there. Throws with the reason when it is not. */
  async request(path: string): Promise<string> {
    try {
      return await this.#attempt(path);
    } catch (error) {
      if (error !== RACED) throw error;
      this.idleCloses += 1;
      return this.#attempt(path);
    }
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
  }

  async #attempt(path: string): Promise<string> {
    const socket = (this.#socket ??= this.#open());
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.#settle = (error) => (error === undefined ? resolve(undefined) : reject(error));
    this.#received = Buffer.alloc(0);
    const connection = this.#options.keepAlive ? 'keep-alive' : 'close';
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: ${connection}\r\n\r\n`);
    const timer = setTimeout(
      () => this.#end(new Error(`no answer within ${PATIENCE_MS / 1000} s`)),
      PATIENCE_MS,
    );
    try {
      await promise;
    } catch (error) {
      this.close();
      throw error;
    } finally {
      clearTimeout(timer);
      this.#settle = undefined;
    }
    const head = this.#received.subarray(0, this.#received.indexOf(HEAD_END)).toString('latin1');
    this.#received = undefined;
    this.#served = true;
    if (!this.#options.keepAlive || /^connection:.*\bclose\b/im.test(head)) this.close();
    return head;
  }

  #open(): Socket {
    const { port, tls } = this.#options;
    const socket =
      tls === true
        ? connectTls({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false })
        : connect(port, '127.0.0.1');
    this.#served = false;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#socket === socket) this.#closed(error.code ?? error.message);
    });
    socket.on('close', () => {
      if (this.#socket === socket) this.#closed('closed');
    });
    socket.on('end', () => {
      if (this.#socket === socket) this.#closed('closed');
    });
    return socket;
  }

  #take(chunk: Buffer): void {
    if (this.#received === undefined) return;
    this.#received = Buffer.concat([this.#received, chunk]);
    const end = this.#received.indexOf(HEAD_END);
    if (end === -1) return;
    const head = this.#received.subarray(0, end).toString('latin1');
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    if (this.#received.length >= end + HEAD_END.length + length) this.#end(undefined);
  }

  #closed(reason: string): void {
    const received = this.#received;
    if (received === undefined) {
      this.idleCloses += 1;
      this.close();
      return;
    }
    if (received.length > 0) this.#end(new Error(`answer cut (${reason})`));
    else if (this.#served) this.#end(RACED);
    else this.#end(new Error(`no answer (${reason})`));
  }

  #end(error: Error | undefined): void {
    this.#settle?.(error);
  }
}
