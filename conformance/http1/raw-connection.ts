// A client's TCP or TLS connection: bytes out, bytes in until something is true, nothing is said for a while, or the time is over.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const CONNECT_MS = 5000;
const SEND_MS = 3000;

export interface ReadLimits {
  /** Silence after which no more is expected, once something has come. */
  readonly idleMs: number;
  /** Silence that is borne before anything has come; default idleMs. */
  readonly firstMs?: number;
  readonly totalMs: number;
  readonly until?: (received: string) => boolean;
}

export interface Received {
  /** One character for each byte. */
  readonly text: string;
  /** The other side has ended or reset the connection. */
  readonly closed: boolean;
}

export class RawConnection {
  readonly socket: Socket;
  #chunks: Buffer[] = [];
  #closed = false;
  #wake: (() => void) | undefined;

  /** Throws when nobody accepts in time. */
  static async open(host: string, port: number): Promise<RawConnection> {
    const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) }).catch((error: unknown) => {
      socket.destroy();
      throw error;
    });
    return new RawConnection(socket);
  }

  /** Takes a socket that is connected. */
  constructor(socket: Socket) {
    this.socket = socket;
    const close = (): void => {
      this.#closed = true;
      this.#wake?.();
    };
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#wake?.();
    });
    socket.on('end', close).on('close', close).on('error', close);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Resolves when the kernel has all of it; false when the other side is gone, or does not read for long. */
  async send(bytes: Buffer | string): Promise<boolean> {
    if (this.socket.destroyed) return false;
    // A socket that is destroyed meanwhile ends its writes with an error.
    const written = new Promise<boolean>((resolve) => {
      this.socket.write(bytes, (error) => resolve(error === undefined || error === null));
    });
    return within(written, SEND_MS, false);
  }

  /** What has come since the last reading, and what comes now. */
  async read({ idleMs, firstMs = idleMs, totalMs, until }: ReadLimits): Promise<Received> {
    const end = Date.now() + totalMs;
    let text = this.pending().toString('latin1');
    while (!this.#closed && !(until?.(text) === true)) {
      const patience = Math.min(text === '' ? firstMs : idleMs, end - Date.now());
      if (patience <= 0 || !(await this.#more(patience))) break;
      text += this.pending().toString('latin1');
    }
    return { text: text + this.pending().toString('latin1'), closed: this.#closed };
  }

  /** The next bytes, as they come; empty at the end or after `patienceMs` of silence. */
  async next(patienceMs: number): Promise<Buffer> {
    if (this.#chunks.length === 0 && !this.#closed) await this.#more(patienceMs);
    return this.pending();
  }

  /** The bytes that have come and that nobody has read. */
  pending(): Buffer {
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [];
    return bytes;
  }

  close(): void {
    this.socket.destroy();
  }

  /** Ends the connection with RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** False after silence. */
  async #more(patienceMs: number): Promise<boolean> {
    const news = new Promise<boolean>((resolve) => (this.#wake = () => resolve(true)));
    const came = await within(news, patienceMs, false);
    this.#wake = undefined;
    return came;
  }
}

export async function within<T>(promise: Promise<T>, ms: number, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => (timer = setTimeout(() => resolve(otherwise), ms)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
