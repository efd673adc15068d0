import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fault from './fault.ts';
import { CLOSE, Head, KEEP_ALIVE, UPGRADE } from './head.ts';
import { scanRequest, scanResponse } from './scan.ts';

const HOST = 'Host: a\r\n';
const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

function request(text: string, maxLines = 128): { result: number; head: Head } {
  const head = new Head(maxLines);
  const bytes = bytesOf(text);
  return { result: scanRequest(head, bytes, 0, bytes.length), head };
}

function response(text: string): { result: number; head: Head } {
  const head = new Head(128);
  const bytes = bytesOf(text);
  return { result: scanResponse(head, bytes, 0, bytes.length), head };
}

const REFUSED: readonly (readonly [name: string, text: string, fault: number])[] = [
  ['empty method', ` / HTTP/1.1\r\n${HOST}\r\n`, fault.METHOD_INVALID],
  ['control byte in the method', `G\x01T / HTTP/1.1\r\n${HOST}\r\n`, fault.METHOD_INVALID],
  ['endless method', 'G'.repeat(40), fault.METHOD_INVALID],
  ['tab after the method', `GET\t/ HTTP/1.1\r\n${HOST}\r\n`, fault.METHOD_INVALID],
  ['two spaces before the target', `GET  / HTTP/1.1\r\n${HOST}\r\n`, fault.REQUEST_LINE_INVALID],
  ['NUL in the target', `GET /\0 HTTP/1.1\r\n${HOST}\r\n`, fault.TARGET_INVALID],
  ['byte above ASCII in the target', `GET /\xe9 HTTP/1.1\r\n${HOST}\r\n`, fault.TARGET_INVALID],
  ['no version', `GET /\r\n${HOST}\r\n`, fault.REQUEST_LINE_INVALID],
  ['version 2.0', `GET / HTTP/2.0\r\n${HOST}\r\n`, fault.VERSION_UNSUPPORTED],
  ['version 1.2', `GET / HTTP/1.2\r\n${HOST}\r\n`, fault.VERSION_UNSUPPORTED],
  ['version 0.9', `GET / HTTP/0.9\r\n${HOST}\r\n`, fault.VERSION_UNSUPPORTED],
  ['letter as version', `GET / HTTP/1.x\r\n${HOST}\r\n`, fault.REQUEST_LINE_INVALID],
  ['lower-case protocol', `GET / http/1.1\r\n${HOST}\r\n`, fault.REQUEST_LINE_INVALID],
  ['space after the version', `GET / HTTP/1.1 \r\n${HOST}\r\n`, fault.REQUEST_LINE_INVALID],
  ['LF alone after the request line', `GET / HTTP/1.1\nX: y\r\n${HOST}\r\n`, fault.REQUEST_LINE_INVALID],
  ['CR alone after the request line', `GET / HTTP/1.1\rX: y\r\n${HOST}\r\n`, fault.REQUEST_LINE_INVALID],
  ['folded line', `GET / HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n`, fault.FOLDED],
  ['folded first line', `GET / HTTP/1.1\r\n X: a\r\n${HOST}\r\n`, fault.FOLDED],
  ['space before the colon', `GET / HTTP/1.1\r\n${HOST}X : a\r\n\r\n`, fault.NAME_INVALID],
  ['no colon', `GET / HTTP/1.1\r\n${HOST}XY\r\n\r\n`, fault.NAME_INVALID],
  ['empty name', `GET / HTTP/1.1\r\n${HOST}: x\r\n\r\n`, fault.NAME_INVALID],
  ['byte above ASCII in a name', `GET / HTTP/1.1\r\n${HOST}X\x80: a\r\n\r\n`, fault.NAME_INVALID],
  ['LF alone after a value', `GET / HTTP/1.1\r\n${HOST}X: a\nY: b\r\n\r\n`, fault.LINE_END_INVALID],
  ['CR alone in a value', `GET / HTTP/1.1\r\n${HOST}X: a\rb\r\n\r\n`, fault.LINE_END_INVALID],
  ['LF alone as the end', `GET / HTTP/1.1\r\n${HOST}X: a\r\n\n`, fault.LINE_END_INVALID],
  ['NUL in a value', `GET / HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n`, fault.VALUE_INVALID],
  ['DEL in a value', `GET / HTTP/1.1\r\n${HOST}X: a\x7f\r\n\r\n`, fault.VALUE_INVALID],
  ['two Hosts', `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, fault.HOST_DOUBLED],
  [
    'two equal lengths',
    `GET / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nContent-Length: 5\r\n\r\n`,
    fault.LENGTH_INVALID,
  ],
  ['list of lengths', `GET / HTTP/1.1\r\n${HOST}Content-Length: 5, 5\r\n\r\n`, fault.LENGTH_INVALID],
  ['signed length', `GET / HTTP/1.1\r\n${HOST}Content-Length: +5\r\n\r\n`, fault.LENGTH_INVALID],
  ['empty length', `GET / HTTP/1.1\r\n${HOST}Content-Length:\r\n\r\n`, fault.LENGTH_INVALID],
  [
    'length of 16 digits',
    `GET / HTTP/1.1\r\n${HOST}Content-Length: 1000000000000000\r\n\r\n`,
    fault.LENGTH_INVALID,
  ],
  [
    'another coding',
    `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n`,
    fault.CODING_INVALID,
  ],
  ['quoted coding', `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: "chunked"\r\n\r\n`, fault.CODING_INVALID],
  [
    'coding twice',
    `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
    fault.CODING_INVALID,
  ],
  ['Connection is no list', `GET / HTTP/1.1\r\n${HOST}Connection: a b\r\n\r\n`, fault.CONNECTION_INVALID],
  [
    '33 listed names',
    `GET / HTTP/1.1\r\n${HOST}Connection: ${Array.from({ length: 33 }, (_, i) => `x${i}`).join()}\r\n\r\n`,
    fault.CONNECTION_INVALID,
  ],
];

for (const [name, text, expected] of REFUSED)
  test(`request refused: ${name}`, () => {
    const { result } = request(text);
    assert.equal(fault.faultDetail(result), fault.faultDetail(expected));
  });

test('a request is incomplete until its last byte, at every length', () => {
  const text = `POST /a?b=c HTTP/1.1\r\n${HOST}X: \t a\tb \r\nContent-Length: 5\r\nEmpty:\r\n\r\n`;
  for (let length = 0; length < text.length; length++)
    assert.equal(request(text.slice(0, length)).result, fault.MORE, `after ${length} bytes`);
  const { result, head } = request(`${text}hello`);
  assert.equal(result, fault.DONE);
  assert.equal(head.end, text.length);
  assert.equal(head.contentLength, 5);
  assert.equal(head.count, 4);
  assert.equal(text.slice(head.targetStart, head.targetEnd), '/a?b=c');
  assert.equal(text.slice(head.valueStart(1), head.valueEnd(1)), 'a\tb');
  assert.equal(head.valueStart(3), head.valueEnd(3));
});

test('a refused request is refused however few of its bytes are needed to know', () => {
  for (const [name, text, expected] of REFUSED) {
    // Every prefix is either incomplete or refused, and never becomes good again.
    let refused = false;
    for (let length = 1; length <= text.length; length++) {
      const { result } = request(text.slice(0, length));
      assert.ok(result <= fault.MORE, `${name}: accepted after ${length} bytes`);
      if (refused) assert.ok(result < fault.MORE, `${name}: forgotten after ${length} bytes`);
      refused = result < fault.MORE;
    }
    assert.equal(request(text).result, expected, name);
  }
});

test('more header lines than allowed are refused, as many are not', () => {
  const lines = Array.from({ length: 4 }, (_, i) => `X-${i}: v\r\n`).join('');
  assert.equal(request(`GET / HTTP/1.1\r\n${lines}\r\n`, 4).result, fault.DONE);
  assert.equal(request(`GET / HTTP/1.1\r\n${lines}${HOST}\r\n`, 4).result, fault.TOO_MANY_HEADERS);
});

test('names are known in any case, and every token byte may be in one', () => {
  const { result, head } = request(
    "GET / HTTP/1.1\r\nhOsT: a\r\nTRANSFER-ENCODING: Chunked\r\nX!#$%&'*+-.^`|~_1: ok\r\n\r\n",
  );
  assert.equal(result, fault.DONE);
  assert.equal(head.host, 0);
  assert.ok(head.chunked);
});

test('connection options are found wherever they stand in the list', () => {
  const options = (value: string): number =>
    request(`GET / HTTP/1.1\r\n${HOST}Connection: ${value}\r\n\r\n`).head.options;
  assert.equal(options('close'), CLOSE);
  assert.equal(options('x-a, Close ,keep-alive'), CLOSE | KEEP_ALIVE);
  assert.equal(options(' ,, upgrade\t, x'), UPGRADE);
  assert.equal(options('closed'), 0);
});

test('listed names are dropped, but never those that framing and routing stand on', () => {
  const text =
    'POST / HTTP/1.1\r\nHost: a\r\nX-Secret: 1\r\nContent-Length: 2\r\nCookie: c\r\nx-SECRET: 2\r\nX-Other: 3\r\n' +
    'Connection: x-secret, host, Content-Length, cookie\r\n\r\n';
  const { result, head } = request(text);
  assert.equal(result, fault.DONE);
  const dropped = Array.from({ length: head.count }, (_, line) => head.dropped[line]);
  assert.deepEqual(dropped, [0, 1, 0, 0, 1, 0, 1]);
});

test('status lines', () => {
  for (const line of [
    'HTTP/1.1 200 OK',
    'HTTP/1.0 599 x',
    'HTTP/1.1 204 ',
    'HTTP/1.1 404',
    'HTTP/1.1 200 \xe9',
  ])
    assert.equal(response(`${line}\r\n\r\n`).result, fault.DONE, line);
  for (const line of [
    '200 OK',
    'HTTP/1.1 1000 x',
    'HTTP/1.1 99 x',
    'HTTP/1.1 600 x',
    'HTTP/1.1  200',
    'HTTP/2 200 OK',
    '\x16\x03\x01garbage..',
  ])
    assert.ok(response(`${line}\r\n\r\n`).result < fault.MORE, line);
  assert.equal(response('HTTP/1.1 200 O\0K\r\n\r\n').result, fault.LINE_END_INVALID);
  assert.equal(response('HTTP/1.1 200 OK\nX: y\r\n\r\n').result, fault.LINE_END_INVALID);
});
