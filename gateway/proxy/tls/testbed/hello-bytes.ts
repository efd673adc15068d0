// Writes ClientHello messages, right and wrong, for tests.

export interface HelloParts {
  readonly serverName?: Buffer | string;
  readonly protocols?: readonly string[];
  readonly versions?: readonly number[];
  /** Type and content, after the others. */
  readonly more?: readonly (readonly [type: number, content: Buffer])[];
  readonly session?: Buffer;
}

/** The handshake message, without record. */
export function helloMessage(parts: HelloParts = {}): Buffer {
  const { serverName, protocols, versions = [0x0304, 0x0303], more = [], session = Buffer.alloc(32) } = parts;
  const extensions: Buffer[] = [];
  if (serverName !== undefined) {
    const name = Buffer.from(serverName);
    extensions.push(extension(0, vector(2, Buffer.concat([Buffer.of(0), vector(2, name)]))));
  }
  if (protocols !== undefined)
    extensions.push(
      extension(16, vector(2, Buffer.concat(protocols.map((one) => vector(1, Buffer.from(one)))))),
    );
  const list = Buffer.alloc(versions.length * 2);
  for (const [i, version] of versions.entries()) list.writeUInt16BE(version, i * 2);
  if (versions.length > 0) extensions.push(extension(43, vector(1, list)));
  for (const [type, content] of more) extensions.push(extension(type, content));
  const body = Buffer.concat([
    Buffer.of(3, 3),
    Buffer.alloc(32, 7),
    vector(1, session),
    vector(2, Buffer.of(0x13, 0x01, 0xc0, 0x2b)),
    vector(1, Buffer.of(0)),
    vector(2, Buffer.concat(extensions)),
  ]);
  return Buffer.concat([Buffer.of(1), vector(3, body)]);
}

/** A message in records of at most `size` bytes. */
export function records(message: Buffer, size = 16_384): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += size)
    parts.push(Buffer.of(22, 3, 1), vector(2, message.subarray(at, at + size)));
  return Buffer.concat(parts);
}

/** `content` with its length before it, in `bytes` bytes. */
export function vector(bytes: number, content: Buffer): Buffer {
  const length = Buffer.alloc(bytes);
  length.writeUIntBE(content.length, 0, bytes);
  return Buffer.concat([length, content]);
}

function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type >> 8, type & 255), vector(2, content)]);
}
