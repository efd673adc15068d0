// One HTTP/2 connection that sends any bytes and keeps what comes back: statuses, data, resets, GOAWAY. It acknowledges SETTINGS
// and grants no window.
import { setImmediate } from 'node:timers/promises';
import { RawConnection } from '../http1/raw-connection.ts';
import { ACK, END_STREAM, FRAME, makeFrame, PREFACE, readFrame, type Frame } from './frame.ts';
import { readStatus } from './field-block.ts';

export interface PumpLimits {
  /** Silence after which no more is expected. */
  readonly idleMs: number;
  readonly totalMs: number;
  readonly until?: (client: Http2Client) => boolean;
}

export class Http2Client {
  readonly #connection: RawConnection;
  #rest: Buffer = Buffer.alloc(0);
  #unreachable = false;
  /** By stream: each HEADERS that came. */
  readonly statuses: Map<number, number[]> = new Map();
  /** By stream: the error code. */
  readonly resets: Map<number, number> = new Map();
  /** By stream: bytes. */
  readonly data: Map<number, number> = new Map();
  readonly ended: Set<number> = new Set();
  /** The error code of GOAWAY. */
  goaway: number | undefined;

  /** Sends the preface and SETTINGS. Throws when nobody accepts. */
  static async open(host: string, port: number, settings?: Buffer): Promise<Http2Client> {
    const client = new Http2Client(await RawConnection.open(host, port));
    await client.send(Buffer.concat([PREFACE, makeFrame(FRAME.settings, 0, 0, settings)]));
    return client;
  }

  private constructor(connection: RawConnection) {
    this.#connection = connection;
  }

  /** The gateway has ended the connection, or takes nothing any more. */
  get closed(): boolean {
    return this.#connection.closed || this.#unreachable;
  }

  /** The gateway has said that it goes, or has gone. */
  get refused(): boolean {
    return this.closed || this.goaway !== undefined;
  }

  /** False when the gateway is gone, or does not read for long. */
  async send(bytes: Buffer): Promise<boolean> {
    if (this.closed) return false;
    const sent = await this.#connection.send(bytes);
    if (!sent) this.#unreachable = true;
    return sent;
  }

  async pump({ idleMs, totalMs, until }: PumpLimits): Promise<void> {
    const end = Date.now() + totalMs;
    for (;;) {
      if (until?.(this) === true) return;
      const patience = Math.min(idleMs, end - Date.now());
      const bytes = patience > 0 ? await this.#connection.next(patience) : Buffer.alloc(0);
      if (bytes.length === 0) return;
      await this.#read(bytes);
    }
  }

  /** Takes in what has come so far, without waiting for more. */
  async glance(): Promise<void> {
    await setImmediate();
    await this.#read(this.#connection.pending());
  }

  /** From now on the gateway's answers fill its buffers. */
  stopReading(): void {
    this.#connection.socket.pause();
  }

  readAgain(): void {
    this.#connection.socket.resume();
  }

  close(): void {
    this.#connection.close();
  }

  async #read(bytes: Buffer): Promise<void> {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (let next = readFrame(this.#rest); next !== undefined; next = readFrame(this.#rest)) {
      this.#rest = this.#rest.subarray(next.length);
      await this.#keep(next.frame);
    }
  }

  async #keep({ type, flags, stream, payload }: Frame): Promise<void> {
    const ends = (flags & END_STREAM) !== 0;
    switch (type) {
      case FRAME.headers:
        this.statuses.set(stream, [...(this.statuses.get(stream) ?? []), readStatus(payload, flags)]);
        if (ends) this.ended.add(stream);
        break;
      case FRAME.data:
        this.data.set(stream, (this.data.get(stream) ?? 0) + payload.length);
        if (ends) this.ended.add(stream);
        break;
      case FRAME.reset:
        this.resets.set(stream, payload.readUInt32BE(0));
        break;
      case FRAME.settings:
        if ((flags & ACK) === 0) await this.send(makeFrame(FRAME.settings, ACK, 0));
        break;
      case FRAME.goaway:
        this.goaway = payload.readUInt32BE(4);
        break;
    }
  }
}
