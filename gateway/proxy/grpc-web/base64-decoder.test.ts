import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Base64Decoder, MALFORMED } from './base64-decoder.ts';

/** Undefined when it was malformed, or not complete. */
function decode(pieces: readonly string[]): string | undefined {
  const decoder = new Base64Decoder();
  let text = '';
  for (const piece of pieces) {
    const to = Buffer.alloc(Math.ceil(piece.length / 4) * 3 + 3);
    const size = decoder.decode(Buffer.from(piece), 0, piece.length, to);
    if (size === MALFORMED) return undefined;
    text += to.toString('latin1', 0, size);
  }
  return decoder.complete ? text : undefined;
}

test('what every byte and length becomes is read back, cut anywhere', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  for (const length of [0, 1, 2, 3, 4, 255, 256]) {
    const text = bytes.toString('base64', 0, length);
    const expected = bytes.toString('latin1', 0, length);
    for (let at = 0; at <= text.length; at++)
      assert.equal(decode([text.slice(0, at), text.slice(at)]), expected, `${length} bytes, cut at ${at}`);
    assert.equal(decode(text.split('')), expected);
  }
});

test('padded pieces follow one another', () => {
  assert.equal(decode(['YQ==YmM=', 'ZGVm', 'Zw', '=', '=', 'aA==']), 'abcdefgh');
});

test('everything else is malformed', () => {
  for (const text of [
    'A', // no whole byte
    'AA', // padding is missing
    'AAA',
    'AA=',
    'AA=A',
    'A===',
    '=',
    'AAAA=',
    'AA===',
    'AB==', // bits beyond the last byte
    'AAB=',
    'AAAA\n',
    'AA AA',
    'AA-_', // another alphabet
    'AAA\u0000',
  ])
    assert.equal(decode([text]), undefined, JSON.stringify(text));
});
