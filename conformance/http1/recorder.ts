// The backend of the cases: it keeps the raw bytes of every request, and answers as the path says.
//   /raw/HEX      the answer is these bytes        /rawbody     the answer is the body of the request
//                 ?close, ?hold after either: what comes then
//   /slow=S       S seconds later                  /big=N       N bytes              others: 'ok PATH BODY-LENGTH'
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ByteReader } from './byte-reader.ts';

const HEAD_END = Buffer.from('\r\n\r\n');
const HEAD_BYTES = 200_000;
const KEEP_BYTES = 262_144;
const IDLE_MS = 30_000;
const HOLD_MS = 3000;
const TOKEN = /z[0-9a-f]{11}/g;
const TOKEN_LENGTH = 12;

interface Recording {
  /** As this backend told one request from the next, which is more lenient than it should be. */
  readonly messages: Buffer[];
  readonly reader: ByteReader;
}

/** The name of one run of one case. */
export function makeToken(): string {
  return `z${Buffer.from(crypto.getRandomValues(new Uint8Array(6)))
    .toString('hex')
    .slice(0, TOKEN_LENGTH - 1)}`;
}

export class Recorder {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #recordings: Recording[] = [];

  /** On `port` of 127.0.0.1; 0 takes any. */
  static async open(port: number): Promise<Recorder> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen({ port, host: '127.0.0.1', backlog: 512 });
    await once(server, 'listening');
    return new Recorder(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      const recording = { messages: [], reader: new ByteReader(socket, KEEP_BYTES, IDLE_MS) };
      this.#recordings.push(recording);
      void serve(socket, recording).finally(() => socket.destroySoon());
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * The bytes that belong to the case run of that name, in pieces that followed each other on one connection. A message without
   * any name belongs to the one before it: it is what was left over.
   */
  bytesOf(token: string): Buffer[] {
    return this.#recordings.flatMap(({ messages, reader }) => {
      const pieces: Buffer[][] = [];
      let ours = false;
      for (const message of [...messages, reader.everything()]) {
        const names: readonly string[] = message.toString('latin1').match(TOKEN) ?? [];
        const still: boolean = names.includes(token) || (ours && names.length === 0);
        if (still && !ours) pieces.push([]);
        if (still) pieces.at(-1)!.push(message);
        ours = still;
      }
      return pieces.map((piece) => Buffer.concat(piece));
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server.close(), 'close');
  }
}

async function serve(socket: Socket, { messages, reader }: Recording): Promise<void> {
  for (;;) {
    const head = await reader.until(HEAD_END, HEAD_BYTES);
    if (head === undefined) return;
    const request = readRequest(head);
    if (request.expects) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    const body = await readBody(reader, request);
    if (body === undefined) return;
    messages.push(reader.taken());
    reader.begin();
    if (!(await answer(socket, request, body))) return;
  }
}

interface Request {
  readonly method: string;
  readonly target: string;
  readonly chunked: boolean;
  readonly length: string | undefined;
  readonly expects: boolean;
  readonly closes: boolean;
}

/** Lenient on purpose: a desynchronisation must show as a request of its own. */
function readRequest(head: Buffer): Request {
  const [first = '', ...lines] = head.toString('latin1').split('\r\n');
  const [method = '', target = '?', version] = first.split(' ');
  const fields = lines.map((line) => {
    const [name = '', ...rest] = line.split(':');
    return [name.trim().toLowerCase(), rest.join(':').trim()] as const;
  });
  const values = (name: string): string[] => fields.filter(([key]) => key === name).map(([, value]) => value);
  return {
    method,
    target,
    chunked: values('transfer-encoding').at(-1)?.toLowerCase().endsWith('chunked') === true,
    length: values('content-length')[0],
    expects: values('expect').some((value) => value.toLowerCase() === '100-continue'),
    closes:
      version === 'HTTP/1.0' || values('connection').some((value) => value.toLowerCase().includes('close')),
  };
}

/** undefined when it is cut off or no body at all. */
async function readBody(reader: ByteReader, { chunked, length }: Request): Promise<Buffer | undefined> {
  if (!chunked && length === undefined) return Buffer.alloc(0);
  if (!chunked) return /^\d{1,15}$/.test(length!) ? reader.take(Number(length)) : undefined;
  const parts: Buffer[] = [];
  for (;;) {
    const line = await reader.line(HEAD_BYTES);
    const size = parseInt(line?.toString('latin1').split(';')[0]?.trim() ?? '', 16);
    if (!(size >= 0)) return undefined;
    if (size === 0) break;
    const data = await reader.take(size + 2);
    if (data === undefined) return undefined;
    parts.push(data.subarray(0, size));
  }
  for (;;) {
    const line = await reader.line(HEAD_BYTES);
    if (line === undefined) return undefined;
    if (line.length === 0) return Buffer.concat(parts);
  }
}

/** False when the connection is at its end. */
async function answer(socket: Socket, request: Request, body: Buffer): Promise<boolean> {
  const { target } = request;
  if (target.startsWith('/raw')) {
    const hex = /^\/raw\/([0-9a-f]*)/.exec(target)?.[1];
    socket.write(hex === undefined ? body : Buffer.from(hex, 'hex'));
    if (target.includes('?hold')) await sleep(HOLD_MS);
    return !target.includes('?');
  }
  const number = Number(target.split('=').at(-1));
  if (target.startsWith('/slow')) await sleep(number * 1000);
  const text = `ok ${target.slice(0, 200)} ${body.length}`;
  const content = target.startsWith('/big') ? fill(number) : Buffer.from(text, 'latin1');
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${content.length}\r\n`;
  socket.write(`${head}${request.closes ? 'Connection: close\r\n' : ''}\r\n`);
  if (request.method !== 'HEAD') socket.write(content);
  return !request.closes;
}

const filled = new Map<number, Buffer>();

/** Shared: many slow readers may hold a large answer at once. */
function fill(size: number): Buffer {
  const content = filled.get(size) ?? Buffer.alloc(size, 'x');
  filled.set(size, content);
  return content;
}
