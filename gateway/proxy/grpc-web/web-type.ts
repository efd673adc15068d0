// Which requests are gRPC-Web, in which of its two forms, and what the types of request and answer are called on both sides
// (PROTOCOL-WEB of the gRPC project).
import { REPLACED, type Head } from '../http1/head.ts';
import { isWord, word } from '../http1/octets.ts';
import type { HeadView } from '../http1/view.ts';

const CONTENT_TYPE = word('content-type');
const GRPC_WEB = word('application/grpc-web');
const WHOLE = /^application\/grpc-web(-text)?(\+[\w.-]{1,32})?[ \t]*(?:;|$)/i;
const ACCEPTS_TEXT = /application\/grpc-web-text\b/i;
const ACCEPTS_BINARY = /application\/grpc-web(?!-text)\b/i;

export interface WebType {
  /** The request is base64. */
  readonly textRequest: boolean;
  readonly textAnswer: boolean;
  /** Content-Type towards the backend, and of the answer towards the client. */
  readonly backend: string;
  readonly answer: string;
}

/** Undefined for every other request. `view` is of `head`. */
export function webTypeOf(view: HeadView, head: Head): WebType | undefined {
  const line = findField(view.bytes, head, CONTENT_TYPE);
  if (line < 0 || view.method !== 'POST') return undefined;
  const start = head.valueStart(line);
  if (head.valueEnd(line) - start < GRPC_WEB.length || !isWord(view.bytes, start, GRPC_WEB)) return undefined;
  const [whole, text, form = ''] = WHOLE.exec(view.header('content-type') ?? '') ?? [];
  if (whole === undefined) return undefined;
  const textRequest = text !== undefined;
  const accept = view.header('accept') ?? '';
  // Who names neither gets what it sent.
  const textAnswer = ACCEPTS_TEXT.test(accept) || (textRequest && !ACCEPTS_BINARY.test(accept));
  return {
    textRequest,
    textAnswer,
    backend: `application/grpc${form}`,
    answer: `application/grpc-web${textAnswer ? '-text' : ''}${form}`,
  };
}

/** Marks every Content-Type up to line `end` as replaced. */
export function dropContentType(bytes: Buffer, head: Head, end: number): void {
  for (let line = 0; line < end; line++)
    if (isField(bytes, head, line, CONTENT_TYPE)) head.drop(line, REPLACED);
}

/** The first line of that name, -1 when there is none. */
export function findField(bytes: Buffer, head: Head, name: Uint8Array): number {
  for (let line = 0; line < head.count; line++) if (isField(bytes, head, line, name)) return line;
  return -1;
}

function isField(bytes: Buffer, head: Head, line: number, name: Uint8Array): boolean {
  const start = head.lineStart(line);
  return head.nameEnd(line) - start === name.length && isWord(bytes, start, name);
}
