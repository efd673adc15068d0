// What gRPC asks of a proxy (gRPC over HTTP/2): failures are answers with a status of its own in the trailers, and the client
// says how long it waits.
import { FAILURES, type FailureCode } from '../../model/failure.ts';
import { cutText } from '../http1/copy.ts';
import type { Head } from '../http1/head.ts';

const CONTENT_TYPE = 'content-type';
const GRPC = 'application/grpc';
const GRPC_TIMEOUT = 'grpc-timeout';
/** At most 8 digits and a unit. */
const MAX_TIMEOUT = 9;
const MILLISECONDS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};
/** Deadlines are kept in 32 bits of ticks: a day is as good as for ever. */
const LONGEST = 86_400_000;

/** Content-Type is application/grpc, +proto or another of its kind; gRPC-Web is not. */
export function isGrpc(bytes: Buffer, head: Head): boolean {
  const line = findLine(bytes, head, CONTENT_TYPE);
  if (line < 0) return false;
  const start = head.valueStart(line);
  const end = start + GRPC.length;
  if (end > head.valueEnd(line) || !startsWith(bytes, start, GRPC)) return false;
  // ';', '+', or nothing more; '-web' is another protocol.
  return end === head.valueEnd(line) || bytes[end] === 43 || bytes[end] === 59;
}

/** Milliseconds, at least 1; 0 when the request names no time that can be read. */
export function grpcTimeout(bytes: Buffer, head: Head): number {
  const line = findLine(bytes, head, GRPC_TIMEOUT);
  if (line < 0) return 0;
  const start = head.valueStart(line);
  const end = head.valueEnd(line);
  return end - start > MAX_TIMEOUT ? 0 : parseGrpcTimeout(cutText(bytes, start, end));
}

/** The same of a header's value; '' when there is none. */
export function parseGrpcTimeout(text: string): number {
  if (text.length < 2 || text.length > MAX_TIMEOUT) return 0;
  const [, digits = '', unit = ''] = /^(\d+)([HMSmun])$/.exec(text) ?? [];
  const milliseconds = Number(digits) * (MILLISECONDS[unit] ?? 0);
  return digits === '' ? 0 : Math.min(LONGEST, Math.max(1, Math.ceil(milliseconds)));
}

/** A whole answer without a body ("Trailers-Only"). */
export function grpcFailureHead(code: FailureCode, detail: string, header: boolean): string {
  const extra = header ? `x-sluice-failure: ${code}\r\n` : '';
  return `HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\n${extra}${grpcFailureTrailers(code, detail)}`;
}

/** Trailers for an answer that had begun, with the empty line. */
export function grpcFailureTrailers(code: FailureCode, detail: string): string {
  const { grpc, text } = FAILURES[code];
  const message = `${text}${detail === '' ? '' : `: ${detail}`}`;
  return `grpc-status: ${grpc}\r\ngrpc-message: ${percentEncode(message)}\r\n\r\n`;
}

/** Visible ASCII without '%' stands for itself. */
function percentEncode(message: string): string {
  return message.replace(
    /[^ -$&-~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** `name` is lower case, as all names are that HTTP/2 brings. */
function findLine(bytes: Buffer, head: Head, name: string): number {
  for (let line = 0; line < head.count; line++) {
    const start = head.lineStart(line);
    if (head.nameEnd(line) - start === name.length && startsWith(bytes, start, name)) return line;
  }
  return -1;
}

function startsWith(bytes: Buffer, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
