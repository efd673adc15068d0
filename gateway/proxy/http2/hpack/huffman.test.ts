import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { HUFFMAN_INVALID, STRING_TOO_LONG } from './head-fault.ts';
import { CODE_BITS, CODES, EOS } from './huffman-code.ts';
import { decodeHuffman, encodeHuffman, huffmanLength } from './huffman.ts';

const room = Buffer.alloc(8192);

function encode(text: Buffer): Buffer {
  const end = encodeHuffman(text, 0, text.length, room, 0);
  assert.equal(end, huffmanLength(text, 0, text.length));
  return Buffer.from(room.subarray(0, end));
}

function decode(coded: Buffer, limit = room.length): Buffer | number {
  const end = decodeHuffman(coded, 0, coded.length, room, 0, limit);
  return end < 0 ? end : Buffer.from(room.subarray(0, end));
}

/** Codes written after each other, the rest of the last byte filled with ones. */
function bits(...codes: readonly string[]): Buffer {
  const all = codes.join('');
  const padded = all.padEnd(Math.ceil(all.length / 8) * 8, '1');
  return Buffer.from(padded.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
}

test('the code is that of RFC 7541 appendix B, at its edges', () => {
  const known: readonly (readonly [symbol: number, code: number, bits: number])[] = [
    [0, 0x1ff8, 13],
    [10, 0x3ffffffc, 30],
    [32, 0x14, 6],
    [48, 0x0, 5],
    [65, 0x21, 6],
    [92, 0x7fff0, 19],
    [122, 0x7b, 7],
    [127, 0xffffffc, 28],
    [128, 0xfffe6, 20],
    [249, 0xffffffe, 28],
    [255, 0x3ffffee, 26],
    [EOS, 0x3fffffff, 30],
  ];
  for (const [symbol, code, length] of known)
    assert.deepEqual([CODES[symbol], CODE_BITS[symbol]], [code, length], `symbol ${symbol}`);
  // A complete code: every sequence of bits means something.
  const sum = CODE_BITS.reduce((all, length) => all + 2 ** -length, 0);
  assert.equal(sum, 1);
});

test('every byte survives, alone and between others', () => {
  for (let byte = 0; byte < 256; byte++)
    for (const text of [[byte], [97, byte], [byte, 97], [byte, byte, byte], [255, byte, 10, byte, 48]])
      assert.deepEqual(decode(encode(Buffer.from(text))), Buffer.from(text));
});

test('random strings survive', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      assert.deepEqual(decode(encode(Buffer.from(bytes))), Buffer.from(bytes));
    }),
    { numRuns: 300, seed: 7541 },
  );
});

test('padding is less than a byte of ones, and nothing else', () => {
  const a = '00011';
  assert.deepEqual(decode(bits(a)), Buffer.from('a'));
  assert.equal(decode(bits(`${a}110`)), HUFFMAN_INVALID, 'a zero in the padding');
  assert.equal(decode(bits(a, '11111111111')), HUFFMAN_INVALID, 'eleven bits of padding');
  assert.equal(decode(Buffer.from([255])), HUFFMAN_INVALID, 'eight bits of padding');
  assert.equal(decode(Buffer.from([255, 255, 255])), HUFFMAN_INVALID);
  assert.equal(decode(Buffer.alloc(0))?.toString(), '');
});

test('a code that is cut off is refused', () => {
  const long = CODES[22]!.toString(2).padStart(30, '0');
  assert.deepEqual(decode(bits(long)), Buffer.from([22]));
  for (let length = 8; length < 30; length++)
    assert.equal(decode(bits(long.slice(0, length))), HUFFMAN_INVALID, `after ${length} bits`);
});

test('EOS within a string is refused', () => {
  assert.equal(decode(bits('1'.repeat(30))), HUFFMAN_INVALID);
  assert.equal(decode(bits('00011', '1'.repeat(30), '00011')), HUFFMAN_INVALID);
  assert.equal(decode(bits('1'.repeat(30), '00')), HUFFMAN_INVALID);
});

test('no more is written than there is room for', () => {
  const coded = encode(Buffer.from('0'.repeat(16)));
  assert.equal(decode(coded, 16)?.toString(), '0'.repeat(16));
  for (let limit = 0; limit < 16; limit++) {
    room.fill(7);
    assert.equal(decode(coded, limit), STRING_TOO_LONG, `room for ${limit}`);
    assert.equal(room[limit], 7);
  }
});

test('random bytes are decoded or refused, and never beyond the room', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(110), (bytes, limit) => {
      room.fill(7);
      const result = decode(Buffer.from(bytes), limit);
      assert.equal(room[limit], 7);
      // What is decoded has one coding only: canonical padding makes it the one that came.
      if (typeof result !== 'number') assert.deepEqual(encode(result), Buffer.from(bytes));
    }),
    { numRuns: 1000, seed: 7541 },
  );
});
