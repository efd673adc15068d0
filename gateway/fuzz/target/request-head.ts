// Heads of requests: what we take for a request, a second parser must take for the same one, line by line; and it makes no
// difference in which pieces it came.
import { DONE, MORE } from '../../proxy/http1/fault.ts';
import { Head } from '../../proxy/http1/head.ts';
import { scanRequest } from '../../proxy/http1/scan.ts';
import { SecondParser } from '../second-parser.ts';
import { expect, type FuzzTarget } from '../target.ts';

const MOST_LINES = 64;
/** Where llhttp is stricter than RFC 9112, without a byte being framed otherwise: methods it does not know, bytes of a target. */
const OTHER_RULES = new Set(['HPE_INVALID_METHOD', 'HPE_INVALID_URL', 'HPE_INVALID_CONSTANT']);
/** What is refused after the scan, by the check of the whole request. */
const JUDGED_LATER = new Set([
  'HPE_INVALID_TRANSFER_ENCODING',
  'HPE_INVALID_CONTENT_LENGTH',
  'HPE_UNEXPECTED_CONTENT_LENGTH',
]);

const head = new Head(MOST_LINES);
const second = new SecondParser();

export const requestHead: FuzzTarget = {
  name: 'request-head',
  seeds: [
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /a/b?c=d HTTP/1.1\r\nHost: a.example:80\r\nAccept: */*\r\nX-A:  b \r\nCookie: a=b; c=d\r\n\r\n',
    'POST http://a/%41/../b HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\nContent-Length: 5\r\n\r\nhello',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n0\r\n\r\n',
    'HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
    'GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\nX-Request-Id: r\r\nTE: trailers\r\n\r\n',
  ].map((text) => Buffer.from(text, 'latin1')),
  tokens: [
    '\r\n',
    '\n',
    '\r',
    '\0',
    ' ',
    '\t',
    ':',
    ': ',
    ' :',
    ',',
    'Content-Length: 5\r\n',
    'Content-Length',
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding',
    'Host: b\r\n',
    'Connection: close, x\r\n',
    'HTTP/1.1',
    'HTTP/1.0',
    '\x80',
    '\xff',
    '\x7f',
    '\x0b',
    '\x0c',
    '%0d%0a',
    '#',
    '\\',
    'GET / HTTP/1.1\r\n',
  ],
  async run(input, random) {
    const result = scanRequest(head, input, 0, input.length);
    checkPieces(input, result, random.below(input.length + 1));
    if (result !== DONE) return;
    const lines: string[] = [];
    for (let line = 0; line < head.count; line++)
      lines.push(
        input.toString('latin1', head.lineStart(line), head.nameEnd(line)),
        input.toString('latin1', head.valueStart(line), head.valueEnd(line)),
      );
    const method = input.toString('latin1', 0, head.methodEnd);
    const target = input.toString('latin1', head.targetStart, head.targetEnd);
    const { minor } = head;
    const opinion = await second.ask(input.subarray(0, head.end));
    if (opinion.kind === 'refused') {
      expect(
        OTHER_RULES.has(opinion.code) || JUDGED_LATER.has(opinion.code),
        `taken for a request here, refused there: ${opinion.code}`,
      );
      return;
    }
    expect(opinion.kind === 'request', 'a whole head here, not there');
    expect(opinion.method === method, `method ${method} here, ${opinion.method} there`);
    expect(opinion.target === target, `target ${target} here, ${opinion.target} there`);
    expect(opinion.version === `1.${minor}`, `version 1.${minor} here, ${opinion.version} there`);
    expect(
      JSON.stringify(opinion.lines) === JSON.stringify(lines),
      `${JSON.stringify(lines)} here, ${JSON.stringify(opinion.lines)} there`,
    );
  },
};

/** The first part of what is whole is not: it is refused for the same reason or waits for more. */
function checkPieces(input: Buffer, whole: number, cut: number): void {
  const { end } = head;
  const part = scanRequest(head, input, 0, cut);
  if (whole === DONE)
    expect(cut >= end ? part === DONE : part === MORE, `whole, but at ${cut} it is ${part}`);
  else if (whole === MORE) expect(part === MORE, `waits for more, but at ${cut} it is ${part}`);
  else expect(part === MORE || part < 0, `refused, but at ${cut} it is whole`);
  scanRequest(head, input, 0, input.length);
}
