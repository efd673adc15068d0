// One WebSocket case with one server: the bytes of the client, and everything that the server said, in a form that can be compared.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toBytes, type ByteText } from '../corpus/byte-text.ts';
import { RawConnection } from '../http1/raw-connection.ts';

const FILE = fileURLToPath(new URL('../corpus/websocket.json', import.meta.url));
const HANDSHAKE_LIMITS = { idleMs: 4000, totalMs: 5000 };
/** A server that says nothing for so long says nothing more. */
const SILENCE_MS = 1500;
const TOTAL_MS = 8000;

export interface WebSocketCase {
  readonly id: string;
  /** What is odd about the handshake; see HANDSHAKES. */
  readonly handshake?: string;
  /** The bytes go out together with the handshake, before its answer. */
  readonly early?: boolean;
  readonly writes: readonly ByteText[];
}

/** As JSON, so that two can be compared and shown. */
export type Conversation = string;

/** [method, version of HTTP, Upgrade, Sec-WebSocket-Version, more fields] */
const HANDSHAKES: Readonly<Record<string, readonly [string, string, string, string, string]>> = {
  plain: ['GET', '1.1', 'websocket', '13', ''],
  ver12: ['GET', '1.1', 'websocket', '12', ''],
  proto: ['GET', '1.1', 'websocket', '13', 'Sec-WebSocket-Protocol: chat, superchat\r\n'],
  post: ['POST', '1.1', 'websocket', '13', ''],
  http10: ['GET', '1.0', 'websocket', '13', ''],
  upg2: ['GET', '1.1', 'websocket, foo', '13', ''],
};

export function loadWebSocketCases(): readonly WebSocketCase[] {
  return (JSON.parse(readFileSync(FILE, 'utf8')) as { cases: WebSocketCase[] }).cases;
}

/** Throws when nobody accepts. */
export async function converse(one: WebSocketCase, host: string, port: number): Promise<Conversation> {
  const connection = await RawConnection.open(host, port);
  try {
    return JSON.stringify(await talk(one, connection));
  } finally {
    connection.close();
  }
}

async function talk(one: WebSocketCase, connection: RawConnection): Promise<object> {
  const writes = one.writes.map((bytes) => toBytes(bytes));
  const request = Buffer.from(makeHandshake(one.handshake ?? 'plain'));
  await connection.send(one.early === true ? Buffer.concat([request, ...writes]) : request);
  const { text } = await connection.read({
    ...HANDSHAKE_LIMITS,
    until: (received) => received.includes('\r\n\r\n'),
  });
  const end = text.indexOf('\r\n\r\n');
  const head = end < 0 ? text : text.slice(0, end);
  const status = head.slice(9, 12);
  // Which refusal it is, is the server's choice.
  if (status !== '101') return { status: status.startsWith('4') ? '4xx' : status };
  if (one.early !== true) for (const bytes of writes) await connection.send(bytes);
  const rest = await connection.read({ idleMs: SILENCE_MS, totalMs: TOTAL_MS });
  const field = (name: string): string | undefined => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1];
  return {
    status,
    accept: field('sec-websocket-accept'),
    extensions: field('sec-websocket-extensions'),
    protocol: field('sec-websocket-protocol'),
    frames: listFrames(Buffer.from(text.slice(end + 4) + rest.text, 'latin1')),
    ended: rest.closed,
  };
}

function makeHandshake(name: string): string {
  const [method, version, upgrade, websocket, more] = HANDSHAKES[name]!;
  const key = Buffer.from('the sample nonce').toString('base64');
  return (
    `${method} /ws HTTP/${version}\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n` +
    `Sec-WebSocket-Version: ${websocket}\r\nSec-WebSocket-Key: ${key}\r\n${more}\r\n`
  );
}

export function knowsHandshakeOf({ handshake }: WebSocketCase): boolean {
  return handshake === undefined || Object.hasOwn(HANDSHAKES, handshake);
}

/** 'FIRST-BYTE LENGTH DIGEST' of each frame of a server. */
function listFrames(bytes: Buffer): string[] {
  const frames: string[] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const short = bytes[at + 1]! & 0x7f;
    const begin = at + (short === 126 ? 4 : short === 127 ? 10 : 2);
    if (begin > bytes.length) return [...frames, 'cut off'];
    const long = (): number =>
      short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    const length = short < 126 ? short : long();
    const digest = createHash('sha256')
      .update(bytes.subarray(begin, begin + length))
      .digest('hex')
      .slice(0, 12);
    frames.push(`${bytes[at]!.toString(16)} ${length} ${digest}`);
    at = begin + length;
  }
  return frames;
}
