// Frames as a test wants them, right or wrong.
import { writeFrameHeader, writeNumber } from '../frame.ts';

const HEADER = 9;

/** `payload` is latin1 or bytes; `length` lies about its size. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: string | Buffer = '',
  length?: number,
): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const bytes = Buffer.alloc(HEADER + body.length);
  writeFrameHeader(bytes, 0, length ?? body.length, type, flags, stream);
  body.copy(bytes, HEADER);
  return bytes;
}

export function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  let at = 0;
  for (const value of values) at = writeNumber(bytes, at, value);
  return bytes;
}

/** Names and values in turn. */
export function settingsPayload(...settings: readonly number[]): Buffer {
  const bytes = Buffer.alloc((settings.length / 2) * 6);
  for (let i = 0; i < settings.length; i += 2) {
    bytes.writeUInt16BE(settings[i]!, i * 3);
    writeNumber(bytes, i * 3 + 2, settings[i + 1]!);
  }
  return bytes;
}
