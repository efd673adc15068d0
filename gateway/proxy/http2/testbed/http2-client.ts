// A client that sends exactly the frames it is given, and writes down those that come. Heads go out as plain literals and are
// read by node:http2's independent decoder only where a test wants more than that they are there.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { FRAME_HEADER, HEADERS, PREFACE, readNumber31, SETTINGS } from '../frame.ts';
import { frame, settingsPayload } from './frames.ts';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export class Http2Client {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  ended = false;
  #bytes: Buffer = Buffer.alloc(0);
  #wake: (() => void) | undefined;

  /** `settings`: names and values in turn. */
  static async open(port: number, ...settings: readonly number[]): Promise<Http2Client> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    await once(socket, 'connect');
    const client = new Http2Client(socket);
    client.send(PREFACE, frame(SETTINGS, 0, 0, settingsPayload(...settings)));
    await client.until(({ type }) => type === SETTINGS);
    client.send(frame(SETTINGS, 1, 0));
    return client;
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#read();
      this.#wake?.();
    });
    for (const event of ['end', 'error', 'close'])
      socket.on(event, () => {
        this.ended = true;
        this.#wake?.();
      });
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** The first frame that `wanted` holds for; throws when the connection ends without one. */
  async until(wanted: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(wanted);
      if (found !== undefined) return found;
      if (this.ended) throw new Error(`the connection ended; there were: ${this.summary}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  /** Resolves when the other side has ended the connection. */
  async end(): Promise<void> {
    await this.until(() => false).catch(() => undefined);
  }

  /** Bytes of DATA of a stream. */
  received(stream: number): number {
    return this.frames
      .filter((one) => one.type === 0 && one.stream === stream)
      .reduce((sum, { payload }) => sum + payload.length, 0);
  }

  get summary(): string {
    return this.frames.map(({ type, flags, stream }) => `${type}/${flags}/${stream}`).join(' ');
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #read(): void {
    for (;;) {
      const bytes = this.#bytes;
      if (bytes.length < FRAME_HEADER) return;
      const length = bytes.readUIntBE(0, 3);
      if (bytes.length < FRAME_HEADER + length) return;
      const payload = bytes.subarray(FRAME_HEADER, FRAME_HEADER + length);
      this.frames.push({ type: bytes[3]!, flags: bytes[4]!, stream: readNumber31(bytes, 5), payload });
      this.#bytes = bytes.subarray(FRAME_HEADER + length);
    }
  }
}

/** Literals without indexing (RFC 7541 section 6.2.2). */
export function block(...fields: readonly (readonly [string, string])[]): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of fields) parts.push(Buffer.from([0]), literal(name), literal(value));
  return Buffer.concat(parts);
}

/** HEADERS of a request with the usual pseudo-header fields. */
export function request(
  stream: number,
  flags: number,
  path = '/',
  ...more: readonly (readonly [string, string])[]
): Buffer {
  const fields = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'a'],
    ...more,
  ] as (readonly [string, string])[];
  // A later :method counts.
  const method = more.find(([name]) => name === ':method');
  const sent = method === undefined ? fields : [method, ...fields.filter(([name]) => name !== ':method')];
  return frame(HEADERS, flags, stream, block(...sent));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  const length: number[] = [];
  let rest = bytes.length;
  if (rest < 127) length.push(rest);
  else {
    length.push(127);
    for (rest -= 127; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}
