// A client that sends exactly the bytes it is given and reads answers without forgiving anything.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly head: string;
  /** By lower-case name; repeated fields joined by ', '. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

const END = Buffer.from('\r\n\r\n');

export class RawClient {
  readonly socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #ended = false;
  #failed = false;
  #wake: (() => void) | undefined;

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake?.();
    });
    socket.on('end', () => {
      this.#ended = true;
      this.#wake?.();
    });
    socket.on('error', () => {
      this.#failed = true;
      this.#wake?.();
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  /** latin1: one byte per character. */
  send(text: string | Buffer): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  }

  /** The next answer, interim ones included. Throws when the connection ends before it is complete. */
  async answer(options: { readonly headOnly?: boolean } = {}): Promise<Answer> {
    await this.#until(() => this.#bytes.includes(END), 'an answer');
    const headEnd = this.#bytes.indexOf(END) + END.length;
    const head = this.#take(headEnd).toString('latin1');
    const [statusLine = '', ...lines] = head.trimEnd().split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(`${statusLine} `)?.[1]);
    assert.ok(status >= 100, `not a status line: ${statusLine}`);
    const headers = new Map<string, string>();
    for (const line of lines) {
      const [, name = '', value = ''] =
        /^([^:\s]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? assert.fail(`not a header: ${line}`);
      const key = name.toLowerCase();
      headers.set(key, headers.has(key) ? `${headers.get(key)}, ${value}` : value);
    }
    const bodyless = options.headOnly === true || status < 200 || status === 204 || status === 304;
    return { status, head, headers, body: bodyless ? Buffer.alloc(0) : await this.#body(headers) };
  }

  /** Everything until the connection ends, `reset` when it ended by RST. */
  async rest(): Promise<{ readonly bytes: Buffer; readonly reset: boolean }> {
    await this.#until(() => false, '').catch(() => undefined);
    return { bytes: this.#take(this.#bytes.length), reset: this.#failed };
  }

  /** Text of the bytes that came and were not read yet. */
  get waiting(): string {
    return this.#bytes.toString('latin1');
  }

  get ended(): boolean {
    return this.#ended || this.#failed;
  }

  close(): void {
    this.socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #body(headers: ReadonlyMap<string, string>): Promise<Buffer> {
    if (headers.get('transfer-encoding') === 'chunked') return this.#chunks();
    const length = headers.get('content-length');
    if (length === undefined) {
      const { bytes, reset } = await this.rest();
      assert.ok(!reset, 'the body was cut off by RST');
      return bytes;
    }
    return this.#exactly(Number(length));
  }

  async #chunks(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (;;) {
      await this.#until(() => this.#bytes.includes('\r\n'), 'a chunk size');
      const line = this.#take(this.#bytes.indexOf('\r\n') + 2).toString('latin1');
      const size = Number.parseInt(line, 16);
      if (size > 0) {
        pieces.push(await this.#exactly(size));
        assert.equal((await this.#exactly(2)).toString(), '\r\n');
        continue;
      }
      for (;;) {
        await this.#until(() => this.#bytes.includes('\r\n'), 'the trailers');
        const trailer = this.#take(this.#bytes.indexOf('\r\n') + 2).toString('latin1');
        if (trailer === '\r\n') return Buffer.concat(pieces);
      }
    }
  }

  async #exactly(length: number): Promise<Buffer> {
    await this.#until(() => this.#bytes.length >= length, `${length} bytes of body`);
    return this.#take(length);
  }

  #take(length: number): Buffer {
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  async #until(holds: () => boolean, what: string): Promise<void> {
    while (!holds()) {
      if (this.#ended || this.#failed)
        throw new Error(
          `the connection ended before ${what}; left: ${JSON.stringify(this.waiting.slice(0, 200))}`,
        );
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }
}

/** One request on a connection of its own. */
export async function ask(port: number, request: string): Promise<Answer> {
  using client = await RawClient.open(port);
  client.send(request);
  return await client.answer();
}
