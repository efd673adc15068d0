// ClientHello messages written by hand (RFC 5246 section 7.4.1.2, RFC 8446 section 4.1.2), so that they may offer what no library
// offers any more, and what comes back.
import { connect } from 'node:net';
import { randomBytes } from 'node:crypto';

const PATIENCE_MS = 5000;
const HANDSHAKE = 22;
const ALERT = 21;
const SERVER_HELLO = 2;
/** Of record and message headers, up to the session id of a ServerHello. */
const SESSION_ID_AT = 5 + 4 + 2 + 32;

export interface Offer {
  /** 0x0300 for SSL 3.0 up to 0x0303 for TLS 1.2. */
  readonly version: number;
  readonly ciphers: readonly number[];
  readonly compression?: readonly number[];
  /** The bytes of the name, right or wrong. */
  readonly serverName?: Buffer;
}

export type Reply =
  | {
      readonly kind: 'hello';
      readonly version: number;
      readonly cipher: number;
      readonly compression: number;
    }
  | { readonly kind: 'alert'; readonly description: number }
  | { readonly kind: 'closed' }
  | { readonly kind: 'silent' };

export function makeClientHello({ version, ciphers, compression = [0], serverName }: Offer): Buffer {
  const extensions = Buffer.concat([
    ...(serverName === undefined
      ? []
      : [extension(0, vector(2, Buffer.concat([Buffer.of(0), vector(2, serverName)])))]),
    // Groups P-256, P-384, X25519; uncompressed points; ECDSA and RSA with SHA-256 and SHA-1.
    extension(10, vector(2, numbers(0x17, 0x18, 0x1d))),
    extension(11, vector(1, Buffer.of(0))),
    extension(13, vector(2, numbers(0x0403, 0x0804, 0x0401, 0x0203, 0x0201))),
  ]);
  const body = Buffer.concat([
    numbers(version),
    randomBytes(32),
    vector(1, Buffer.alloc(0)),
    vector(2, numbers(...ciphers)),
    vector(1, Buffer.from(compression)),
    // SSL 3.0 has none.
    version === 0x0300 ? Buffer.alloc(0) : vector(2, extensions),
  ]);
  const message = Buffer.concat([Buffer.of(1), vector(3, body)]);
  return Buffer.concat([Buffer.of(HANDSHAKE), numbers(Math.min(version, 0x0301)), vector(2, message)]);
}

/** The first thing that the server at `port` of 127.0.0.1 says. */
export function offer(port: number, wanted: Offer): Promise<Reply> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(makeClientHello(wanted)));
    let received = Buffer.alloc(0);
    const end = (reply: Reply): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reply);
    };
    const timer = setTimeout(() => end({ kind: 'silent' }), PATIENCE_MS);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const reply = parseReply(received);
      if (reply !== undefined) end(reply);
    });
    socket.on('error', () => end({ kind: 'closed' }));
    socket.on('close', () => end({ kind: 'closed' }));
  });
}

/** undefined while more must come. */
export function parseReply(bytes: Buffer): Reply | undefined {
  if (bytes.length < 7) return undefined;
  if (bytes[0] === ALERT) return { kind: 'alert', description: bytes.readUInt8(6) };
  if (bytes[0] !== HANDSHAKE || bytes[5] !== SERVER_HELLO) return { kind: 'closed' };
  const at = SESSION_ID_AT + 1 + (bytes[SESSION_ID_AT] ?? 0);
  if (bytes.length < at + 3) return undefined;
  return {
    kind: 'hello',
    version: bytes.readUInt16BE(9),
    cipher: bytes.readUInt16BE(at),
    compression: bytes.readUInt8(at + 2),
  };
}

function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([numbers(type), vector(2, content)]);
}

function vector(lengthBytes: number, content: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(content.length, 0, lengthBytes);
  return Buffer.concat([length, content]);
}

function numbers(...values: readonly number[]): Buffer {
  return Buffer.concat(values.map((value) => Buffer.of(value >> 8, value & 0xff)));
}
