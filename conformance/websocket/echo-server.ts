// A WebSocket echo server (RFC 6455), strict about handshakes and frames, so that a tunnel that changes one bit shows.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { ByteReader } from '../http1/byte-reader.ts';
import { CLOSE, CONTINUATION, FrameError, makeServerFrame, MessageReader, PING, PONG } from './message.ts';

const HEAD_END = Buffer.from('\r\n\r\n');
const HEAD_BYTES = 16_384;
const IDLE_MS = 30_000;
/** Section 1.3. */
const KEY_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export class EchoServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async open(): Promise<EchoServer> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new EchoServer(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      void serve(socket).finally(() => socket.destroySoon());
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server.close(), 'close');
  }
}

async function serve(socket: Socket): Promise<void> {
  const reader = new ByteReader(socket, 0, IDLE_MS);
  const head = await reader.until(HEAD_END, HEAD_BYTES);
  if (head === undefined) return;
  const answer = answerHandshake(head.toString('latin1'));
  socket.write(answer);
  if (!answer.startsWith('HTTP/1.1 101')) return;
  const messages = new MessageReader(reader);
  try {
    for (let message = await messages.next(); message !== undefined; message = await messages.next()) {
      const { opcode, data } = message;
      if (opcode === CLOSE) return void socket.write(makeServerFrame(CLOSE, data.subarray(0, 2)));
      if (opcode === PING) socket.write(makeServerFrame(PONG, data));
      else if (opcode !== PONG && opcode !== CONTINUATION) socket.write(makeServerFrame(opcode, data));
    }
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    const code = Buffer.alloc(2);
    code.writeUInt16BE(error.code);
    socket.write(makeServerFrame(CLOSE, code));
  }
}

/** Section 4.2. */
function answerHandshake(head: string): string {
  const [line = '', ...rest] = head.split('\r\n');
  const fields = new Map(
    rest.map((field) => {
      const [name = '', ...value] = field.split(':');
      return [name.toLowerCase(), value.join(':').trim()];
    }),
  );
  const refuse = (status: string, more = ''): string =>
    `HTTP/1.1 ${status}\r\n${more}Content-Length: 0\r\nConnection: close\r\n\r\n`;
  const [method, , version] = line.split(' ');
  if (method !== 'GET') return refuse('405 Method Not Allowed', 'Allow: GET\r\n');
  // "an HTTP/1.1 or higher GET request"
  if (version !== 'HTTP/1.1') return refuse('400 Bad Request');
  const key = fields.get('sec-websocket-key');
  const upgrades = fields.get('upgrade')?.toLowerCase() === 'websocket';
  if (!upgrades || !/\bupgrade\b/i.test(fields.get('connection') ?? '') || key === undefined)
    return refuse('400 Bad Request');
  if (fields.get('sec-websocket-version') !== '13')
    return refuse('426 Upgrade Required', 'Sec-WebSocket-Version: 13\r\n');
  const accept = createHash('sha1').update(`${key}${KEY_SUFFIX}`).digest('base64');
  const protocol = fields.get('sec-websocket-protocol')?.split(',')[0]?.trim();
  const more = protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${more}\r\n`;
}
