// Opens many connections through a proxy and holds them. Run as: hold-connections.ts http|websocket|extended-connect PORT COUNT
// Opens all of them (http: with one request each; websocket: with the handshake; extended-connect: WebSockets as streams of HTTP/2,
// RFC 8441) and writes one line of JSON. For each line on its standard input, makes one exchange on every connection (a request; a
// message and its echo) and writes a line again.
import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import type { HeldReport } from './holder.ts';

const AT_ONCE = 128;
const PATIENCE_MS = 20_000;
const BODY_BYTES = 1024;
const STREAMS_OF_A_CONNECTION = 100;
const PAYLOAD = Buffer.alloc(126, 'h');
const MASK = Buffer.from([1, 2, 3, 4]);

const REQUEST = 'GET /1k HTTP/1.1\r\nHost: bench.example\r\n\r\n';
const HANDSHAKE = `GET /ws HTTP/1.1\r\nHost: bench.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`;
/** RFC 6455 section 5.2: masked from the client, plain from the server. */
const MESSAGE = Buffer.concat([Buffer.from([0x82, 0xfe, 0, PAYLOAD.length]), MASK, PAYLOAD.map(mask)]);
const ECHO = Buffer.concat([Buffer.from([0x82, 0x7e, 0, PAYLOAD.length]), PAYLOAD]);

/** What is sent, when its answer is whole, and whether it is right. */
interface Exchange {
  readonly bytes: string | Buffer;
  readonly isWhole: (received: Buffer) => boolean;
  readonly isGood: (received: Buffer) => boolean;
}

const GET: Exchange = {
  bytes: REQUEST,
  isWhole: (received) => endOfHead(received) > 0 && received.length >= endOfHead(received) + BODY_BYTES,
  isGood: (received) =>
    received.toString('latin1', 0, 12) === 'HTTP/1.1 200' &&
    received.subarray(endOfHead(received)).equals(Buffer.alloc(BODY_BYTES, 'x')),
};
const UPGRADE: Exchange = {
  bytes: HANDSHAKE,
  isWhole: (received) => endOfHead(received) > 0,
  isGood: (received) => received.toString('latin1', 0, 12) === 'HTTP/1.1 101',
};
const ECHOED: Exchange = {
  bytes: MESSAGE,
  isWhole: (received) => received.length >= ECHO.length,
  isGood: (received) => received.equals(ECHO),
};

class Held {
  readonly #stream: Duplex;
  #received: Buffer = Buffer.alloc(0);
  #wake: (error?: Error) => void = () => undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk as Buffer]);
      this.#wake();
    });
    stream.on('error', (error) => this.#wake(error));
    stream.on('close', () => this.#wake(new Error('closed by the proxy')));
  }

  async exchange({ bytes, isWhole, isGood }: Exchange): Promise<void> {
    this.#received = Buffer.alloc(0);
    if (this.#stream.destroyed) throw new Error('closed by the proxy');
    const whole = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no whole answer in time')), PATIENCE_MS);
      this.#wake = (error) => {
        if (error === undefined && !isWhole(this.#received)) return;
        clearTimeout(timer);
        if (error === undefined) resolve();
        else reject(error);
      };
    });
    this.#stream.write(bytes);
    await whole;
    if (!isGood(this.#received)) throw new Error(`wrong answer: ${this.#received.toString('latin1', 0, 40)}`);
  }

  destroy(): void {
    this.#stream.destroy();
  }
}

type Kind = 'http' | 'websocket' | 'extended-connect';

async function main(kind: Kind, port: number, count: number): Promise<void> {
  const connections = Array.from({ length: count }, () => undefined as Held | undefined);
  const sessions = kind === 'extended-connect' ? await openSessions(port, count) : [];
  const again = kind === 'http' ? GET : ECHOED;
  tell(
    await forEach(count, async (index) => {
      const session = sessions[index % sessions.length];
      const stream = session === undefined ? connectPlain(port) : await connectExtended(session);
      const held = new Held(stream);
      connections[index] = held;
      if (session === undefined) await held.exchange(kind === 'http' ? GET : UPGRADE);
    }),
  );
  for await (const _ of createInterface({ input: process.stdin }))
    tell(
      await forEach(count, async (index) => {
        if (connections[index] === undefined) throw new Error('never opened');
        await connections[index].exchange(again);
      }),
    );
  for (const held of connections) held?.destroy();
  for (const session of sessions) session.destroy();
}

function connectPlain(port: number): Duplex {
  return connect({ port, host: '127.0.0.1', noDelay: true });
}

async function openSessions(port: number, streams: number): Promise<ClientHttp2Session[]> {
  const count = Math.ceil(streams / STREAMS_OF_A_CONNECTION);
  const sessions = Array.from({ length: count }, () => connectHttp2(`http://127.0.0.1:${port}`));
  for (const session of sessions) {
    // What ends a session ends its streams, which tell.
    session.on('error', () => undefined);
    await once(session, 'remoteSettings');
  }
  return sessions;
}

async function connectExtended(session: ClientHttp2Session): Promise<Duplex> {
  const stream = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'http',
    ':authority': 'bench.example',
    ':path': '/ws',
    'sec-websocket-version': '13',
  });
  const [headers] = (await once(stream, 'response', { signal: AbortSignal.timeout(PATIENCE_MS) })) as [
    Record<string, unknown>,
  ];
  if (headers[':status'] !== 200)
    throw new Error(`extended CONNECT was answered ${String(headers[':status'])}`);
  return stream;
}

/** At most AT_ONCE at a time. */
async function forEach(count: number, act: (index: number) => Promise<void>): Promise<HeldReport> {
  let [next, good, bad] = [0, 0, 0];
  let error = '';
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++)
      try {
        await act(index);
        good += 1;
      } catch (thrown) {
        bad += 1;
        error = thrown instanceof Error ? thrown.message : String(thrown);
      }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { good, bad, error };
}

/** 0 while it is not there. */
function endOfHead(received: Buffer): number {
  const at = received.indexOf('\r\n\r\n');
  return at < 0 ? 0 : at + 4;
}

function mask(byte: number, index: number): number {
  return byte ^ MASK[index & 3]!;
}

function tell(report: HeldReport): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

const [kind, port, count] = process.argv.slice(2);
await main(kind as Kind, Number(port), Number(count));
