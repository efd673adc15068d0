// Blocks that are random, or nearly valid, from fixed seeds. Whatever comes: nothing is thrown, the table is that of a simple
// reference, and what is made of a request is read by HTTP/1.1 as the one message that it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, MORE } from '../../http1/fault.ts';
import { Head } from '../../http1/head.ts';
import { scanRequest, scanResponse } from '../../http1/scan.ts';
import { BlockReader, type Decoding } from './block-reader.ts';
import { BLOCK_END } from './kind.ts';
import { DynamicTable, LINE_LENGTH } from './dynamic-table.ts';
import { headFaultKind, INDEX_INVALID } from './head-fault.ts';
import { HeadDecoder } from './head-decoder.ts';
import { HeadEncoder } from './head-encoder.ts';
import { encodeHuffman } from './huffman.ts';
import { indexed, integer, literal, plain, resize } from './testbed/block.ts';
import { ReferenceDecoder } from './testbed/reference-decoder.ts';
import { randomOf } from '../../../fuzz/random.ts';

const BLOCKS = 4000;
const TABLE = 300;
const LIMITS = { maxTableSize: 4096, maxHeadBytes: 4000, maxHeaders: 40 };
const NAMES = [
  ':method',
  ':scheme',
  ':path',
  ':authority',
  ':status',
  ':protocol',
  ':x',
  'host',
  'cookie',
  'te',
];
NAMES.push(
  'content-length',
  'transfer-encoding',
  'connection',
  'x',
  'x-long-name',
  'X',
  '',
  'x\r\ny',
  'x:',
  'x ',
);
const VALUES = [
  'GET',
  'CONNECT',
  'OPTIONS',
  'http',
  'https',
  '/',
  '*',
  '/a?b',
  'a.example',
  'b',
  '200',
  '103',
  '',
];
VALUES.push('trailers', 'chunked', '5', 'a b', ' a', 'a\r\nx: y', '\n', '\0', '\xff', 'a@b', 'x'.repeat(120));
const START = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'a'],
] as const;
/** Blocks that were once read wrongly, in hexadecimal. */
const REGRESSIONS: readonly string[] = [];

type Random = (below: number) => number;

const oneOf = <T>(random: Random, all: readonly T[]): T => all[random(all.length)]!;

function representation(random: Random): Buffer {
  const indexing = oneOf(random, ['with', 'with', 'without', 'never'] as const);
  switch (random(12)) {
    case 0:
      return resize(random(400));
    case 1:
    case 2:
    case 3:
      return indexed(random(75));
    case 4:
      return literal('', oneOf(random, VALUES), { indexing, index: random(72) });
    case 5: {
      const text = Buffer.from(oneOf(random, VALUES), 'latin1');
      const to = Buffer.alloc(500);
      const packed = to.subarray(0, encodeHuffman(text, 0, text.length, to, 0));
      return Buffer.concat([integer(0x40, 6, random(62)), integer(0x80, 7, packed.length), packed]);
    }
    case 6:
      return plain(START);
    default:
      return literal(oneOf(random, NAMES), oneOf(random, VALUES), { indexing });
  }
}

function blockOf(random: Random): Buffer {
  if (random(10) === 0) return Buffer.from(Array.from({ length: random(60) }, () => random(256)));
  const parts = Array.from({ length: random(9) }, () => representation(random));
  if (random(3) > 0) parts.unshift(random(2) === 0 ? plain(START) : indexed(8));
  if (random(8) === 0) parts.unshift(resize(random(TABLE)), resize(TABLE));
  const block = Buffer.concat(parts);
  for (let change = random(6) - 3; change > 0 && block.length > 0; change--)
    block[random(block.length)] = random(256);
  return random(12) === 0 ? block.subarray(0, random(block.length + 1)) : block;
}

function* blocks(seed: number): Generator<Buffer> {
  for (const hex of REGRESSIONS) yield Buffer.from(hex, 'hex');
  const random = randomOf(seed);
  for (let i = 0; i < BLOCKS; i++) yield blockOf(random);
}

test('fields and table are those of the reference', () => {
  const reader = new BlockReader();
  reader.reserve(10_000);
  let decoding: Decoding = { table: new DynamicTable(TABLE), mostTableSize: TABLE };
  let reference = new ReferenceDecoder(TABLE);
  let valid = 0;
  for (const block of blocks(7541)) {
    let expected: readonly (readonly [string, string])[] | undefined;
    try {
      expected = reference.decode(block);
    } catch {
      expected = undefined;
    }
    reader.open(decoding, block, 0, block.length);
    const fields: [string, string][] = [];
    let kind: number;
    while ((kind = reader.next()) !== BLOCK_END && (kind >= 0 || headFaultKind(kind) === 'MALFORMED'))
      fields.push([
        reader.bytes.toString('latin1', reader.start, reader.nameEnd),
        reader.bytes.toString('latin1', reader.valueStart, reader.end - 2),
      ]);
    if (expected === undefined) {
      assert.notEqual(kind, BLOCK_END, block.toString('hex'));
      assert.equal(headFaultKind(kind), 'COMPRESSION', block.toString('hex'));
      decoding = { table: new DynamicTable(TABLE), mostTableSize: TABLE };
      reference = new ReferenceDecoder(TABLE);
    } else {
      valid++;
      assert.equal(kind, BLOCK_END, block.toString('hex'));
      assert.deepEqual(fields, expected);
      assert.deepEqual(
        linesOf(decoding.table),
        reference.table.map(([name, value]) => `${name}: ${value}\r\n`),
      );
    }
  }
  assert.ok(valid > BLOCKS / 4, `${valid} valid blocks`);
});

test('what is made of a block is one message for HTTP/1.1, and the table is in step', () => {
  const OK = indexed(8);
  const out = { buffer: Buffer.alloc(8192), address: 0 };
  const head = new Head(100);
  const alone = (fields: Buffer): string => textOf(new HeadDecoder(LIMITS), Buffer.concat([OK, fields]));
  const textOf = (decoder: HeadDecoder, block: Buffer): string => {
    const end = decoder.response(block, 0, block.length, out, 0);
    return end < 0 ? `fault ${end}` : out.buffer.toString('latin1', 0, end);
  };
  for (const part of ['request', 'response', 'trailers'] as const) {
    let decoder = new HeadDecoder(LIMITS);
    let refusing = new HeadDecoder(LIMITS);
    let reference = new ReferenceDecoder(4096);
    let taken = 0;
    for (const block of blocks(9113)) {
      out.buffer.fill('\r\nx');
      const end = decoder[part](block, 0, block.length, out, 3);
      const refused = refusing.refuse(block, 0, block.length);
      if (end < 0 && headFaultKind(end) === 'COMPRESSION') {
        assert.equal(refused, end);
        decoder = new HeadDecoder(LIMITS);
        refusing = new HeadDecoder(LIMITS);
        reference = new ReferenceDecoder(4096);
        continue;
      }
      assert.equal(refused, 0);
      reference.decode(block);
      if (end > 0) {
        taken++;
        if (part !== 'trailers') {
          const scan = part === 'request' ? scanRequest : scanResponse;
          const result = scan(head, out.buffer, 3, end);
          assert.ok(
            result === DONE ? head.end === end && !head.chunked : result !== MORE,
            block.toString('hex'),
          );
        } else
          assert.match(
            out.buffer.toString('latin1', 3, end),
            /^([a-z0-9!#$%&'*+.^_`|~-]+: ?[^\r\n\0]*\r\n)*\r\n$/,
          );
      }
      const newest = reference.table[0];
      const expected = newest === undefined ? `fault ${INDEX_INVALID}` : alone(plain([newest]));
      if (newest !== undefined) assert.equal(textOf(decoder, Buffer.concat([OK, indexed(62)])), expected);
      if (newest !== undefined) assert.equal(textOf(refusing, Buffer.concat([OK, indexed(62)])), expected);
    }
    assert.ok(taken > BLOCKS / 100, `${taken} taken as ${part}`);
  }
});

test('heads survive whatever the table is set to', () => {
  const random = randomOf(8441);
  const names = ['Accept', 'x-a', 'X-B', 'server', 'etag', 'x-request-id', 'authorization', 'x-key'];
  const values = ['', 'a', 'b', 'gzip, deflate', 'x'.repeat(150), '\xe9\x80', '"'.repeat(20)];
  const out = { buffer: Buffer.alloc(8192), address: 0 };
  const block = Buffer.alloc(8192);
  const decoder = new HeadDecoder({ ...LIMITS, maxHeadBytes: 8000 });
  const encoder = new HeadEncoder(4096);
  const lineOf = (): string =>
    `${oneOf(random, names)}:${oneOf(random, [' ', ' ', ' ', '\t', ''])}${oneOf(random, values)}${oneOf(random, ['', '', ' '])}\r\n`;
  // Most heads are like the one before.
  const all = Array.from({ length: 8 }, lineOf);
  for (let round = 0; round < BLOCKS; round++) {
    if (random(20) === 0) encoder.setMaxTableSize(oneOf(random, [0, 60, 200, 500, 4096]));
    if (random(3) === 0) all[random(all.length)] = lineOf();
    if (random(12) === 0) all.splice(random(all.length), random(3), lineOf());
    if (random(40) === 0) all.splice(0, all.length, ...Array.from({ length: 4 + random(10) }, lineOf));
    const lines = all.join('');
    const host = random(5) === 0 ? '' : `Host: ${random(3)}\r\n`;
    const request = `${oneOf(random, ['GET', 'PUT'])} /${random(5)} HTTP/1.1\r\n`;
    const text = Buffer.from(`${request}${host}${lines}\r\n`, 'latin1');
    const end = encoder.request(text, 0, text.length, 'http', block, 0);
    assert.ok(end <= encoder.bound(text.length));
    const headEnd = decoder.request(block, 0, end, out, 0);
    const canonical = (bytes: string): string =>
      bytes.replace(
        /^([^:\r\n]+):[ \t]*(.*?)[ \t]*\r\n/gm,
        (_, name: string, value: string) => `${name.toLowerCase()}: ${value}\r\n`,
      );
    assert.equal(canonical(out.buffer.toString('latin1', 0, headEnd)), canonical(text.toString('latin1')));
  }
});

/** Newest first. */
function linesOf(table: DynamicTable): string[] {
  return Array.from({ length: table.count }, (_, age) => {
    const place = table.place((table.added - 1 - age) | 0);
    const start = table.lineStart(place);
    return table.lines.toString('latin1', start, start + table.notes[place + LINE_LENGTH]!);
  });
}
