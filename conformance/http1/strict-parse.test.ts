import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readStrictly } from './strict-parse.ts';

const POST = 'POST /a HTTP/1.1\r\nHost: x\r\n';

function read(text: string): ReturnType<typeof readStrictly> {
  return readStrictly(Buffer.from(text, 'latin1'));
}

test('requests are read one after the other, with their bodies', () => {
  const { requests, issues } = read(
    `${POST}Content-Length: 2\r\n\r\nhi${POST}Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\nX-T: 1\r\n\r\nGET /b HTTP/1.0\r\nHost: x\r\n\r\n`,
  );
  assert.deepEqual(issues, []);
  assert.deepEqual(
    requests.map(({ target, body, complete }) => [target, body, complete]),
    [
      ['/a', 'hi', true],
      ['/a', 'hi', true],
      ['/b', '', true],
    ],
  );
});

test('what is cut off is not complete, and no issue', () => {
  for (const text of [
    'GET /a HTT',
    `${POST}Content-Length: 3\r\n\r\nhi`,
    `${POST}Transfer-Encoding: chunked\r\n\r\n`,
    `${POST}Transfer-Encoding: chunked\r\n\r\n5\r\nhe`,
    `${POST}Transfer-Encoding: chunked\r\n\r\n0\r\n`,
    `${POST}Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n`,
  ]) {
    const { requests, issues } = read(text);
    assert.deepEqual([requests.map(({ complete }) => complete), issues], [[false], []], text);
  }
});

test('everything that can be read in two ways is an issue', () => {
  const fields: [line: string, issue: RegExp][] = [
    ['Content-Length: 1\r\nTransfer-Encoding: chunked', /CL\+TE/],
    ['Content-Length: 1\r\nContent-Length: 1', /^CL "1,1"/],
    ['Content-Length: +1', /^CL/],
    ['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', /^TE/],
    ['Transfer-Encoding: gzip', /^TE "gzip"/],
    ['Host: y', /hosts=2/],
    ['X : a', /^hdr "X : a"/],
    ['X\0: a', /^NUL,hdr/],
    ['X: a\0', /^NUL,hdr/],
    ['X: a\nY: b', /^bareCRLF/],
    [' folded', /^hdr/],
  ];
  for (const [line, issue] of fields) assert.match(read(`${POST}${line}\r\n\r\n`).issues.join(), issue, line);
  for (const host of ['a b', 'a,b', 'a/b', 'a@b', 'a?b', 'a#b', 'a\\b', 'a\tb'])
    assert.match(read(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`).issues.join(), /^badhost/, host);
  for (const line of ['GET  /', 'GET / HTTP/1.1 ', 'GET / HTTP/2.0', 'G T / HTTP/1.1', 'GET /\0 HTTP/1.1'])
    assert.match(read(`${line}\r\nHost: x\r\n\r\n`).issues.join(), /^reqline/, line);
  assert.match(
    read('POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n').issues.join(),
    /TE on 1.0/,
  );
});

test('chunks and trailers are as strict', () => {
  const body = (text: string): string =>
    read(`${POST}Transfer-Encoding: chunked\r\n\r\n${text}`).issues.join();
  assert.match(body('0x2\r\nhi\r\n'), /^chunk "0x2"/);
  assert.match(body('2;\0\r\nhi\r\n'), /^chunk "2;/);
  assert.match(body('2\r\nhi??0\r\n\r\n'), /^chunkdata/);
  assert.match(body('0\r\nno colon\r\n\r\n'), /^trailer "no colon"/);
  assert.match(body('0\r\nHost: y\r\n\r\n'), /^trailer-field "Host: y"/);
});
