// A strict reader of HTTP/1.1 requests (RFC 9112), for what a gateway has forwarded: everything that a backend could read in two
// ways is an issue.

export interface ForwardedRequest {
  /** '?' when the head never ended. */
  readonly target: string;
  readonly head: string;
  readonly body: string;
  /** The whole body arrived. */
  readonly complete: boolean;
}

export interface StrictReading {
  readonly requests: readonly ForwardedRequest[];
  readonly issues: readonly string[];
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const REQUEST_LINE = new RegExp(`^${TOKEN} ([\\x21-\\x7e\\x80-\\xff]+) HTTP/1\\.[01]$`);
export const FIELD_LINE: RegExp = new RegExp(`^(${TOKEN}):[ \\t]*([^\\x00-\\x08\\x0a-\\x1f\\x7f]*)$`);
export const BARE_LINE_END: RegExp = /(?<!\r)\n|\r(?!\n)/;
const CHUNK_SIZE = /^[0-9A-Fa-f]{1,16}([ \t]*;[^\r\n]*)?$/;
const BAD_HOST = /[\s,/@?#\\\p{Cc}]/u;
const LENGTH = /^\d{1,18}$/;
/** Fields of framing and routing, which no trailer may set (RFC 9110 section 6.5.1). */
const NOT_IN_TRAILERS = ['content-length', 'transfer-encoding', 'host'];

interface Body {
  readonly body: string;
  readonly complete: boolean;
  /** Where the next request begins; the end of the text when nothing after this can be read. */
  readonly next: number;
}

/** All requests in `bytes`, one after the other. */
export function readStrictly(bytes: Buffer): StrictReading {
  const text = bytes.toString('latin1');
  const requests: ForwardedRequest[] = [];
  const issues: string[] = [];
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end < 0) {
      requests.push({ target: '?', head: text.slice(at), body: '', complete: false });
      break;
    }
    const head = text.slice(at, end);
    const [first = '', ...lines] = head.split('\r\n');
    const target = REQUEST_LINE.exec(first)?.[1];
    if (target === undefined) {
      issues.push(`reqline ${show(first)}`);
      requests.push({ target: first, head, body: '', complete: false });
      break;
    }
    const framing = readFields(head, first, lines, issues);
    const { next, ...body } = readBody(text, end + 4, framing, issues);
    requests.push({ target, head, ...body });
    at = next;
  }
  return { requests, issues };
}

interface Framing {
  readonly chunked: boolean;
  readonly length: number | undefined;
}

function readFields(head: string, first: string, lines: readonly string[], issues: string[]): Framing {
  if (BARE_LINE_END.test(head)) issues.push('bareCRLF');
  if (head.includes('\0')) issues.push('NUL');
  const fields: [name: string, value: string][] = [];
  for (const line of lines) {
    const [, name, value] = FIELD_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) issues.push(`hdr ${show(line)}`);
    else fields.push([name.toLowerCase(), value.replace(/[ \t]+$/, '')]);
  }
  const values = (name: string): string[] => fields.filter(([key]) => key === name).map(([, value]) => value);
  const lengths = values('content-length');
  const codings = values('transfer-encoding');
  const hosts = values('host');
  if (lengths.length > 0 && codings.length > 0) issues.push('CL+TE');
  if (lengths.length > 1 || lengths.some((value) => !LENGTH.test(value)))
    issues.push(`CL ${show(lengths.join())}`);
  if (codings.length > 1 || (codings[0] ?? 'chunked').toLowerCase() !== 'chunked')
    issues.push(`TE ${show(codings.join())}`);
  if (codings.length > 0 && first.endsWith('1.0')) issues.push('TE on 1.0');
  if (hosts.length !== 1) issues.push(`hosts=${hosts.length}`);
  else if (BAD_HOST.test(hosts[0]!)) issues.push(`badhost ${show(hosts[0]!)}`);
  const length = lengths[0];
  return {
    chunked: codings.length > 0,
    length: length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined,
  };
}

function readBody(text: string, begin: number, { chunked, length }: Framing, issues: string[]): Body {
  if (chunked) return readChunks(text, begin, issues);
  if (length === undefined) return { body: '', complete: true, next: begin };
  const body = text.slice(begin, begin + length);
  return { body, complete: body.length === length, next: begin + length };
}

function readChunks(text: string, begin: number, issues: string[]): Body {
  const cut = (body: string): Body => ({ body, complete: false, next: text.length });
  let body = '';
  let at = begin;
  for (;;) {
    const end = text.indexOf('\r\n', at);
    if (end < 0) return cut(body);
    const line = text.slice(at, end);
    if (!CHUNK_SIZE.test(line) || line.includes('\0')) {
      issues.push(`chunk ${show(line)}`);
      return cut(body);
    }
    const size = parseInt(line, 16);
    at = end + 2;
    if (size === 0) return readTrailers(text, at, body, issues);
    if (text.length < at + size + 2) return cut(body);
    body += text.slice(at, at + size);
    at += size + 2;
    if (text.slice(at - 2, at) !== '\r\n') {
      issues.push('chunkdata');
      return cut(body);
    }
  }
}

function readTrailers(text: string, begin: number, body: string, issues: string[]): Body {
  let at = begin;
  for (;;) {
    const end = text.indexOf('\r\n', at);
    if (end < 0) return { body, complete: false, next: text.length };
    const line = text.slice(at, end);
    at = end + 2;
    if (line === '') return { body, complete: true, next: at };
    const name = FIELD_LINE.exec(line)?.[1]?.toLowerCase();
    if (name === undefined) issues.push(`trailer ${show(line)}`);
    else if (NOT_IN_TRAILERS.includes(name)) issues.push(`trailer-field ${show(line)}`);
  }
}

function show(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
