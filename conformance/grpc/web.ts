// gRPC-Web through the gateway, by raw HTTP/1.1 requests: the backend speaks gRPC over HTTP/2 and knows nothing of it.
import { request, type IncomingHttpHeaders } from 'node:http';
import type { CaseResult } from '../report.ts';
import {
  bytesField,
  decodeText,
  frameMessage,
  numberField,
  parseWebAnswer,
  type WebAnswer,
} from './web-message.ts';

const GROUP = 'grpc-web';
const TIMEOUT_MS = 5000;
const SERVICE = '/grpc.testing.TestService';
const BINARY = 'application/grpc-web+proto';
const TEXT = 'application/grpc-web-text+proto';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface WebCase {
  readonly id: string;
  readonly method: string;
  readonly message: Buffer;
  /** Sizes of the payloads in the messages of the answer. */
  readonly payloads: readonly number[];
  readonly status: string;
  readonly words?: string;
}

/** SimpleRequest: response_size 2, payload 3, response_status 7. StreamingOutputCallRequest: response_parameters 2. */
const CASES: readonly WebCase[] = [
  { id: 'empty', method: 'EmptyCall', message: Buffer.alloc(0), payloads: [0], status: '0' },
  {
    id: 'unary',
    method: 'UnaryCall',
    message: Buffer.concat([numberField(2, 1000), bytesField(3, bytesField(2, Buffer.alloc(500)))]),
    payloads: [1000],
    status: '0',
  },
  {
    id: 'server streaming',
    method: 'StreamingOutputCall',
    message: Buffer.concat([10, 20_000, 30].map((size) => bytesField(2, numberField(1, size)))),
    payloads: [10, 20_000, 30],
    status: '0',
  },
  {
    id: 'status and message',
    method: 'UnaryCall',
    message: bytesField(7, Buffer.concat([numberField(1, 2), bytesField(2, 'tells why')])),
    payloads: [],
    status: '2',
    words: 'tells why',
  },
  { id: 'unknown method', method: 'UnimplementedCall', message: Buffer.alloc(0), payloads: [], status: '12' },
];

/** Every case in the binary and in the text form, at `port` of 127.0.0.1. */
export async function judgeGrpcWeb(port: number): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const form of [BINARY, TEXT])
    for (const one of CASES) {
      const findings = await judge(port, one, form).catch((error: Error) => [error.message]);
      const outcome = findings.length === 0 ? 'passed' : 'failed';
      results.push({
        id: `${one.id}, ${form === TEXT ? 'text' : 'binary'}`,
        group: GROUP,
        outcome,
        findings,
      });
    }
  return results;
}

async function judge(port: number, one: WebCase, form: string): Promise<string[]> {
  const frame = frameMessage(one.message);
  const body = form === TEXT ? Buffer.from(frame.toString('base64')) : frame;
  const answer = await post(port, `${SERVICE}/${one.method}`, form, body);
  if (answer.status !== 200) return [`HTTP status ${answer.status}, not 200`];
  const type = answer.headers['content-type'] ?? '';
  const findings = type.startsWith(form.replace('+proto', ''))
    ? []
    : [`content-type '${type}', not '${form}'`];
  const web = parseWebAnswer(form === TEXT ? decodeText(answer.body.toString('latin1')) : answer.body);
  const sizes = web.messages.map(payloadSize);
  if (sizes.join() !== one.payloads.join())
    findings.push(`payloads of [${sizes.join()}] bytes, not [${one.payloads.join()}]`);
  return [...findings, ...checkStatus(one, web, answer.headers)];
}

/** A call that answers no message may have its status in the head of the answer, as a call over HTTP/2 may. */
function checkStatus(
  one: WebCase,
  { trailers, messages }: WebAnswer,
  headers: IncomingHttpHeaders,
): string[] {
  if (trailers === undefined && messages.length > 0) return ['no trailer frame'];
  const read = (name: string): string | undefined => trailers?.get(name) ?? headers[name]?.toString();
  const status = read('grpc-status');
  const words = read('grpc-message');
  return [
    ...(status === one.status ? [] : [`grpc-status ${status}, not ${one.status}`]),
    ...(one.words === undefined || words === one.words
      ? []
      : [`grpc-message '${words}', not '${one.words}'`]),
  ];
}

/** Payload 1 with body 2 is all that the answers of these methods hold; its length says how large the body is. */
function payloadSize(message: Buffer): number {
  if (message.length === 0) return 0;
  let at = 1;
  const readVarint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message.readUInt8(at);
      at += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  readVarint();
  at += 1;
  return readVarint();
}

function post(port: number, path: string, type: string, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': type, accept: type, 'x-grpc-web': '1', 'content-length': body.length };
    const sent = request(
      { host: '127.0.0.1', port, path, method: 'POST', headers, agent: false, timeout: TIMEOUT_MS },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    sent.on('error', reject);
    sent.end(body);
  });
}
