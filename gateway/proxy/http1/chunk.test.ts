import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkScanner, UNFINISHED } from './chunk.ts';
import * as fault from './fault.ts';

function scan(text: string, piece = text.length): { result: number; data: string; used: number } {
  const scanner = new ChunkScanner();
  scanner.reset(true);
  const bytes = Buffer.from(text, 'latin1');
  let data = '';
  for (let start = 0; start < bytes.length; start += piece) {
    const end = Math.min(bytes.length, start + piece);
    const result = scanner.scan(bytes, start, end);
    for (let i = 0; i < scanner.pieces.length; i += 2)
      data += bytes.toString('latin1', scanner.pieces[i], scanner.pieces[i + 1]);
    if (result !== UNFINISHED) return { result, data, used: start };
  }
  return { result: UNFINISHED, data, used: bytes.length };
}

const GOOD: readonly (readonly [text: string, data: string])[] = [
  ['0\r\n\r\n', ''],
  ['5\r\nhello\r\n0\r\n\r\n', 'hello'],
  ['05\r\nhello\r\n000\r\n\r\n', 'hello'],
  ['5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n', 'hello0123456789'],
  ['a\r\n\r\n0\r\n\r\nab.\r\n0\r\n\r\n', '\r\n0\r\n\r\nab.'],
  ['5;ext=1\r\nhello\r\n0;last\r\n\r\n', 'hello'],
  ['5 ; a="b;c"\r\nhello\r\n0\r\n\r\n', 'hello'],
  ['1\r\nx\r\n0\r\nX-Sum: 1\r\nServer-Timing: a\xe9\r\n\r\n', 'x'],
];

for (const [text, data] of GOOD)
  test(`chunks ${JSON.stringify(text)}`, () => {
    for (let piece = 1; piece <= text.length; piece++) {
      const { result, data: got } = scan(text, piece);
      assert.equal(result, text.length, `in pieces of ${piece}`);
      assert.equal(got, data);
    }
    assert.equal(scan(`${text}GET / HTTP/1.1`).result, text.length, 'what follows is not touched');
    for (let length = 0; length < text.length; length++)
      assert.equal(scan(text.slice(0, length)).result, UNFINISHED, `cut after ${length} bytes`);
  });

const REFUSED: readonly (readonly [text: string, fault: number])[] = [
  ['\r\nhello\r\n0\r\n\r\n', fault.CHUNK_SIZE_INVALID],
  [' 5\r\n', fault.CHUNK_SIZE_INVALID],
  ['+5\r\n', fault.CHUNK_SIZE_INVALID],
  ['-5\r\n', fault.CHUNK_SIZE_INVALID],
  ['0x5\r\n', fault.CHUNK_SIZE_INVALID],
  ['0_5\r\n', fault.CHUNK_SIZE_INVALID],
  ['5 \r\n', fault.CHUNK_SIZE_INVALID],
  ['5\nhello', fault.CHUNK_SIZE_INVALID],
  ['5\rhello', fault.CHUNK_END_INVALID],
  ['5\x0b\r\n', fault.CHUNK_SIZE_INVALID],
  ['00000000000000005\r\n', fault.CHUNK_SIZE_INVALID],
  ['20000000000000\r\n', fault.CHUNK_SIZE_INVALID],
  ['ffffffffffffffff\r\n', fault.CHUNK_SIZE_INVALID],
  ['5;a\nb\r\nhello\r\n', fault.CHUNK_EXTENSION_INVALID],
  ['5;a\0\r\n', fault.CHUNK_EXTENSION_INVALID],
  [`5;${'a'.repeat(300)}\r\n`, fault.CHUNK_EXTENSION_INVALID],
  ['5\r\nhello\n0\r\n\r\n', fault.CHUNK_END_INVALID],
  ['5\r\nhello0\r\n\r\n', fault.CHUNK_END_INVALID],
  ['5\r\nhello\rX0\r\n\r\n', fault.CHUNK_END_INVALID],
  ['0\r\nHost: evil\r\n\r\n', fault.TRAILER_FORBIDDEN],
  ['0\r\ncontent-LENGTH: 5\r\n\r\n', fault.TRAILER_FORBIDDEN],
  ['0\r\nX-Forwarded-For: 1\r\n\r\n', fault.TRAILER_FORBIDDEN],
  ['0\r\nGET /smuggled HTTP/1.1\r\n\r\n', fault.TRAILER_INVALID],
  ['0\r\n X: y\r\n\r\n', fault.TRAILER_INVALID],
  ['0\r\nX : y\r\n\r\n', fault.TRAILER_INVALID],
  ['0\r\nX: a\nY: b\r\n\r\n', fault.TRAILER_INVALID],
  ['0\r\n\n', fault.TRAILER_INVALID],
  ['0\r\n\rX', fault.TRAILER_INVALID],
  [`0\r\nX: ${'a'.repeat(9000)}`, fault.TRAILERS_TOO_LARGE],
];

for (const [text, expected] of REFUSED)
  test(`chunks refused: ${JSON.stringify(text.slice(0, 40))}`, () => {
    for (const piece of [text.length, 1, 2, 3])
      assert.equal(scan(text, piece).result, expected, `in pieces of ${piece}`);
  });
