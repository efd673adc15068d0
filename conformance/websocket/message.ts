// WebSocket frames from a client, joined into messages and checked (RFC 6455 section 5).
import type { ByteReader } from '../http1/byte-reader.ts';

export const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

const PROTOCOL_ERROR = 1002;
const BAD_TEXT = 1007;
const MOST_BYTES = 1 << 24;
const MOST_CONTROL_BYTES = 125;

export interface Message {
  readonly opcode: number;
  readonly data: Buffer;
}

export class FrameError extends Error {
  /** For the close frame, section 7.4.1. */
  readonly code: number;

  constructor(code: number) {
    super(`close code ${code}`);
    this.code = code;
  }
}

interface ClientFrame extends Message {
  readonly final: boolean;
}

export class MessageReader {
  readonly #reader: ByteReader;
  #parts: Buffer[] = [];
  #opcode = 0;
  #text = new TextDecoder('utf-8', { fatal: true });

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  /** Control frames come between the frames of a message; undefined at the end. Throws FrameError. */
  async next(): Promise<Message | undefined> {
    for (;;) {
      const frame = await this.#frame();
      if (frame === undefined) return undefined;
      const { opcode, final, data } = frame;
      if (opcode >= CLOSE) {
        if (opcode === CLOSE) checkClose(data);
        return frame;
      }
      if ((opcode === CONTINUATION) !== this.#opcode > 0) throw new FrameError(PROTOCOL_ERROR);
      if (opcode !== CONTINUATION) this.#opcode = opcode;
      if (this.#opcode === TEXT) this.#check(data, final);
      this.#parts.push(data);
      if (!final) continue;
      const message = { opcode: this.#opcode, data: Buffer.concat(this.#parts) };
      this.#parts = [];
      this.#opcode = 0;
      return message;
    }
  }

  async #frame(): Promise<ClientFrame | undefined> {
    const head = await this.#reader.take(2);
    if (head === undefined) return undefined;
    const [first = 0, second = 0] = head;
    const opcode = first & 0x0f;
    const final = (first & 0x80) !== 0;
    let length = second & 0x7f;
    const known = opcode <= BINARY || (opcode >= CLOSE && opcode <= PONG);
    const control = opcode >= CLOSE;
    // Reserved bits, reserved opcodes, no mask, long or divided control frames.
    if ((first & 0x70) !== 0 || !known || (second & 0x80) === 0) throw new FrameError(PROTOCOL_ERROR);
    if (control && (!final || length > MOST_CONTROL_BYTES)) throw new FrameError(PROTOCOL_ERROR);
    const long =
      length === 126 ? await this.#reader.take(2) : length === 127 ? await this.#reader.take(8) : head;
    if (long === undefined) return undefined;
    if (length === 126) length = long.readUInt16BE();
    else if (length === 127) length = Number(long.readBigUInt64BE());
    if (length > MOST_BYTES) throw new FrameError(PROTOCOL_ERROR);
    const mask = await this.#reader.take(4);
    const masked = await this.#reader.take(length);
    if (mask === undefined || masked === undefined) return undefined;
    const data = Buffer.from(masked);
    for (let at = 0; at < data.length; at += 1) data[at]! ^= mask[at & 3]!;
    return { opcode, final, data };
  }

  #check(data: Buffer, final: boolean): void {
    try {
      this.#text.decode(data, { stream: !final });
    } catch {
      this.#text = new TextDecoder('utf-8', { fatal: true });
      throw new FrameError(BAD_TEXT);
    }
  }
}

/** Section 7.4: codes that may be on the wire, and a reason in UTF-8. */
function checkClose(data: Buffer): void {
  if (data.length === 0) return;
  const code = data.length === 1 ? 0 : data.readUInt16BE();
  const good =
    (code >= 1000 && code <= 1011 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code < 5000);
  if (!good) throw new FrameError(PROTOCOL_ERROR);
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(data.subarray(2));
  } catch {
    throw new FrameError(BAD_TEXT);
  }
}

/** One final frame without a mask. */
export function makeServerFrame(opcode: number, data: Buffer): Buffer {
  const length =
    data.length < 126
      ? Buffer.of(data.length)
      : data.length < 65_536
        ? Buffer.alloc(3, 126)
        : Buffer.alloc(9, 127);
  if (length.length === 3) length.writeUInt16BE(data.length, 1);
  if (length.length === 9) length.writeBigUInt64BE(BigInt(data.length), 1);
  return Buffer.concat([Buffer.of(0x80 | opcode), length, data]);
}
