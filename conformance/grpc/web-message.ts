// gRPC-Web on the wire (PROTOCOL-WEB of the gRPC project): frames of a flag byte and a length, the last of which holds the trailers;
// in the text form all of it in base64, which may be padded in the middle. And the few protobuf fields that the cases need.

const TRAILERS = 0x80;
const HEADER_BYTES = 5;

export interface WebAnswer {
  readonly messages: readonly Buffer[];
  /** Names in lower case; undefined when there was no trailer frame. */
  readonly trailers: ReadonlyMap<string, string> | undefined;
}

export function frameMessage(message: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

/** Throws when the frames do not fill the body, or something follows the trailers. */
export function parseWebAnswer(body: Buffer): WebAnswer {
  const messages: Buffer[] = [];
  let trailers: Map<string, string> | undefined;
  for (let at = 0; at < body.length;) {
    if (trailers !== undefined) throw new Error(`${body.length - at} bytes after the trailer frame`);
    if (body.length - at < HEADER_BYTES) throw new Error('a frame header is cut');
    const flags = body.readUInt8(at);
    const end = at + HEADER_BYTES + body.readUInt32BE(at + 1);
    if (end > body.length) throw new Error(`a frame of ${end - at} bytes is cut after ${body.length - at}`);
    const content = body.subarray(at + HEADER_BYTES, end);
    if ((flags & TRAILERS) === 0) messages.push(content);
    else trailers = parseTrailers(content.toString('latin1'));
    at = end;
  }
  return { messages, trailers };
}

/** Base64 pieces, each of which may end in padding, one after the other. */
export function decodeText(body: string): Buffer {
  const pieces = body.match(/[^=]+={0,2}/g) ?? [];
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64')));
}

function parseTrailers(text: string): Map<string, string> {
  return new Map(
    text
      .split('\r\n')
      .filter((line) => line !== '')
      .map((line) => {
        const colon = line.indexOf(':');
        if (colon < 1) throw new Error(`'${line}' in the trailer frame is no header`);
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
  );
}

/** A protobuf field with a number. */
export function numberField(field: number, value: number): Buffer {
  return Buffer.concat([varint(field << 3), varint(value)]);
}

/** A protobuf field with bytes, a string or a message. */
export function bytesField(field: number, value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return Buffer.from([...bytes, value]);
}
