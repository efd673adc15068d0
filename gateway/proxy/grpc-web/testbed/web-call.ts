// Calls as a gRPC-Web client makes them, by node:http and node:http2, and the answers taken apart without forgiving anything.
import assert from 'node:assert/strict';
import { request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { ask, open } from '../../http2/testbed/ask.ts';

export const VERSIONS: readonly Version[] = ['HTTP/1.1', 'HTTP/2'];
export const FORMS: readonly Form[] = ['', '-text'];

export type Version = 'HTTP/1.1' | 'HTTP/2';
export type Form = '' | '-text';

export interface Call {
  readonly version: Version;
  readonly form: Form;
  readonly method: string;
  /** As it goes out; by default one message 'hello', in the call's form. */
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface WebAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly messages: readonly string[];
  /** Of the last frame; empty without one. */
  readonly trailers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export function message(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text);
  const header = Buffer.alloc(5);
  header.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([header, bytes]);
}

export async function call(port: number, { version, form, method, body, headers }: Call): Promise<WebAnswer> {
  const hello = message('hello');
  const sent = body ?? (form === '' ? hello : hello.toString('base64'));
  const all = { 'content-type': `application/grpc-web${form}+proto`, 'x-grpc-web': '1', ...headers };
  const path = `/shop.Cart/${method}`;
  const answer = version === 'HTTP/2' ? await ask2(port, path, all, sent) : await ask1(port, path, all, sent);
  const type = String(answer.headers['content-type']);
  if (!type.startsWith('application/grpc-web')) return { ...answer, messages: [], trailers: {} };
  const text = type.startsWith('application/grpc-web-text');
  return { ...answer, ...takeApart(text ? decode(answer.body) : answer.body) };
}

/** Padded pieces; throws when one is not what `toString` would have made of its bytes. */
function decode(body: Buffer): Buffer {
  const text = body.toString('latin1');
  const pieces = (text.match(/[^=]+=*/g) ?? []).map((piece) => Buffer.from(piece, 'base64'));
  assert.equal(pieces.map((piece) => piece.toString('base64')).join('') === text, true, 'not base64');
  return Buffer.concat(pieces);
}

function takeApart(bytes: Buffer): Pick<WebAnswer, 'messages' | 'trailers'> {
  const messages: string[] = [];
  let trailers: Record<string, string> | undefined;
  for (let at = 0; at < bytes.length;) {
    assert.equal(trailers, undefined, 'a frame after the trailers');
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    assert.ok(end <= bytes.length, 'a frame is cut');
    const content = bytes.toString('latin1', at + 5, end);
    if (bytes[at] === 0x80) {
      assert.match(content, /^([^:\r\n]+: [^\r\n]*\r\n)*$/);
      trailers = Object.fromEntries(
        content
          .split('\r\n')
          .slice(0, -1)
          .map((line) => line.split(': ') as [string, string]),
      );
    } else messages.push(content);
    at = end;
  }
  return { messages, trailers: trailers ?? {} };
}

async function ask2(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): Promise<Omit<WebAnswer, 'messages' | 'trailers'>> {
  using session = open(port);
  const answer = await ask(session, { ':method': 'POST', ':path': path, ...headers }, body);
  assert.deepEqual(answer.trailers, {}, 'trailers of HTTP');
  return { status: answer.status, headers: answer.headers, body: answer.body };
}

async function ask1(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): Promise<Omit<WebAnswer, 'messages' | 'trailers'>> {
  const sent = request({ host: '127.0.0.1', port, path, method: 'POST', headers, agent: false });
  sent.on('error', () => undefined);
  // Two writes: the body comes in chunks.
  sent.write(body.slice(0, 3));
  sent.end(body.slice(3));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  assert.deepEqual(response.trailers, {}, 'trailers of HTTP');
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) };
}
