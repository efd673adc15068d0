// Opens many connections through a proxy and holds them. Run as: hold-connections.ts http|websocket PORT COUNT
// Opens all of them (http: with one request each; websocket: with the handshake) and writes one line of JSON. For each line on its
// standard input, makes one exchange on every connection (a request; a message and its echo) and writes a line again.
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { HeldReport } from './holder.ts';

const AT_ONCE = 128;
const PATIENCE_MS = 20_000;
const BODY_BYTES = 1024;
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
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #wake: (error?: Error) => void = () => undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk as Buffer]);
      this.#wake();
    });
    this.#socket.on('error', (error) => this.#wake(error));
    this.#socket.on('close', () => this.#wake(new Error('closed by the proxy')));
  }

  async exchange({ bytes, isWhole, isGood }: Exchange): Promise<void> {
    this.#received = Buffer.alloc(0);
    if (this.#socket.destroyed) throw new Error('closed by the proxy');
    const whole = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no whole answer in time')), PATIENCE_MS);
      this.#wake = (error) => {
        if (error === undefined && !isWhole(this.#received)) return;
        clearTimeout(timer);
        if (error === undefined) resolve();
        else reject(error);
      };
    });
    this.#socket.write(bytes);
    await whole;
    if (!isGood(this.#received)) throw new Error(`wrong answer: ${this.#received.toString('latin1', 0, 40)}`);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

async function main(kind: string, port: number, count: number): Promise<void> {
  const connections = Array.from({ length: count }, () => undefined as Held | undefined);
  const [opening, again] = kind === 'http' ? [GET, GET] : [UPGRADE, ECHOED];
  tell(
    await forEach(count, async (index) => {
      const held = new Held(port);
      connections[index] = held;
      await held.exchange(opening);
    }),
  );
  for await (const _ of createInterface({ input: process.stdin }))
    tell(await forEach(count, async (index) => connections[index]!.exchange(again)));
  for (const held of connections) held?.destroy();
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
await main(kind!, Number(port), Number(count));
