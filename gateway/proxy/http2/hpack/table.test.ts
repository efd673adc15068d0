// The dynamic table: what leaves it, how its size is changed, and that it is in step after whatever was refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DynamicTable, LINE_LENGTH } from './dynamic-table.ts';
import * as fault from './head-fault.ts';
import { HeadDecoder, type HeadLimits } from './head-decoder.ts';
import { indexed, integer, literal, plain, resize, string } from './testbed/block.ts';

const LIMITS: HeadLimits = { maxTableSize: 4096, maxHeadBytes: 32_768, maxHeaders: 128 };
const OK = plain([[':status', '200']]);
const out = { buffer: Buffer.alloc(65_536), address: 0 };

/** The lines after the status line, or what is wrong. */
function answer(decoder: HeadDecoder, ...parts: readonly Buffer[]): string {
  const block = Buffer.concat(parts);
  const end = decoder.response(block, 0, block.length, out, 0);
  if (end < 0) return fault.headFaultDetail(end);
  return out.buffer.toString('latin1', 'HTTP/1.1 200 \r\n'.length, end - 4);
}

const detail = fault.headFaultDetail;

test('the oldest entries leave when there is no room', () => {
  const table = new DynamicTable(100);
  const line = Buffer.from('abcdefghij: 0123456789\r\n');
  const kept = (): number[] =>
    [0, 1, 2, 3, 4].filter((number) => table.has(number) && table.notes[table.place(number) + LINE_LENGTH]);
  for (let number = 0; number < 3; number++) table.add(line, 0, line.length, 50);
  assert.deepEqual(kept(), [1, 2]);
  assert.equal(table.size, 100);
  table.add(line, 0, line.length, 51);
  assert.deepEqual(kept(), [3]);
  assert.equal(table.add(line, 0, line.length, 101), -1, 'larger than the table');
  assert.deepEqual([table.count, table.size], [0, 0]);
  table.add(line, 0, line.length, 100);
  assert.deepEqual(kept(), [4]);
  table.resize(99);
  assert.deepEqual([table.count, table.size], [0, 0]);
});

test('lines stay what they are while thousands come and go, and the memory stays bounded', () => {
  const table = new DynamicTable(4096);
  const lineOf = (number: number): Buffer =>
    Buffer.from(`n: ${'v'.repeat((number * 37) % 300)}${number}\r\n`);
  for (let number = 0; number < 5000; number++) {
    const line = lineOf(number);
    table.add(line, 0, line.length, line.length - 4 + 32);
    for (let old = number; table.has(old); old--) {
      const start = table.lineStart(table.place(old));
      const expected = lineOf(old);
      assert.ok(expected.equals(table.lines.subarray(start, start + expected.length)), `${old} at ${number}`);
    }
    assert.ok(table.size <= 4096 && table.lines.length <= 8192);
  }
});

test('numbers and positions wrap', () => {
  const table = new DynamicTable(200);
  table.added = 0x7fff_fffe;
  table.base = 0x7fff_ff00;
  for (let i = 0; i < 2000; i++) {
    const line = Buffer.from(`n: ${i}\r\n`);
    const place = table.add(line, 0, line.length, 60);
    assert.ok(line.equals(table.lines.subarray(table.lineStart(place)).subarray(0, line.length)));
    assert.ok(
      table.has((table.added - 1) | 0) && !table.has((table.added - 4) | 0) && !table.has(table.added),
    );
  }
});

test('nothing is allocated before the first entry, nor kept without a table', () => {
  const table = new DynamicTable(4096);
  assert.equal(table.lines.length + table.notes.length, 0);
  table.add(OK, 0, OK.length, 60);
  assert.ok(table.lines.length > 0 && table.lines.length <= 512);
  table.resize(0);
  assert.equal(table.lines.length, 0);
});

test('an entry whose own name it pushes out is still read', () => {
  const decoder = new HeadDecoder(LIMITS);
  const name = 'x'.repeat(2000);
  assert.equal(answer(decoder, OK, literal(name, 'a')), `${name}: a`);
  const value = 'b'.repeat(2000);
  assert.equal(answer(decoder, OK, literal('', value, { index: 62 })), `${name}: ${value}`);
  assert.equal(answer(decoder, OK, indexed(62)), `${name}: ${value}`);
  assert.equal(answer(decoder, OK, indexed(63)), detail(fault.INDEX_INVALID));
});

test('what is larger than the table empties it', () => {
  const decoder = new HeadDecoder(LIMITS);
  answer(decoder, OK, literal('a', 'b'));
  assert.equal(answer(decoder, OK, literal('x', 'y'.repeat(4096))), `x: ${'y'.repeat(4096)}`);
  assert.equal(answer(decoder, OK, indexed(62)), detail(fault.INDEX_INVALID));
});

test('updates of the size: up to the limit, one after the other, and only at the beginning', () => {
  const decoder = new HeadDecoder(LIMITS);
  assert.equal(answer(decoder, OK, literal('a', 'b'), literal('c', 'd')), 'a: b\r\nc: d');
  assert.equal(answer(decoder, resize(40), OK, indexed(62)), 'c: d');
  assert.equal(answer(decoder, resize(0), resize(4096), OK), '');
  assert.equal(answer(decoder, OK, literal('e', 'f'), indexed(62)), 'e: f\r\ne: f');
  for (const [block, expected] of [
    [[resize(4097), OK], fault.RESIZE_TOO_LARGE],
    [[OK, resize(0)], fault.RESIZE_LATE],
    [[indexed(8), resize(0)], fault.RESIZE_LATE],
  ] as const) {
    assert.equal(answer(new HeadDecoder(LIMITS), ...block), detail(expected));
    assert.equal(fault.headFaultKind(expected), 'COMPRESSION');
  }
});

test('a smaller table holds once it is acknowledged, and the peer has to say so', () => {
  const small = { ...LIMITS, maxTableSize: 100 };
  const decoder = new HeadDecoder(small);
  assert.equal(answer(decoder, resize(4096), OK, literal('a', 'b'.repeat(1000))).length, 1003);
  decoder.acknowledge();
  assert.equal(answer(decoder, resize(100), OK), '');
  assert.equal(answer(decoder, resize(101), OK), detail(fault.RESIZE_TOO_LARGE));
  const deaf = new HeadDecoder(small);
  deaf.acknowledge();
  for (const block of [OK, indexed(8)]) assert.equal(answer(deaf, block), detail(fault.RESIZE_MISSING));
  const larger = new HeadDecoder({ ...LIMITS, maxTableSize: 8192 });
  assert.equal(answer(larger, resize(8192), OK, literal('a', 'b'.repeat(8000))).length, 8003);
  assert.equal(answer(larger, OK, indexed(62)).length, 8003);
});

test('blocks that cannot be read end the connection', () => {
  const cut = Buffer.concat([OK, literal('name', 'value')]);
  for (let length = OK.length + 1; length < cut.length; length++) {
    const decoder = new HeadDecoder(LIMITS);
    const result = decoder.response(cut, 0, length, out, 0);
    assert.ok(result === fault.STRING_CUT || result === fault.INTEGER_INVALID, `after ${length} bytes`);
  }
  for (const [name, part, expected] of [
    ['index 0', indexed(0), fault.INDEX_INVALID],
    ['index beyond the table', indexed(62), fault.INDEX_INVALID],
    ['name beyond the table', literal('', 'x', { index: 62 }), fault.INDEX_INVALID],
    ['index that is cut off', Buffer.from([0xff]), fault.INTEGER_INVALID],
    [
      'endless index',
      Buffer.from([0xff, ...Array.from({ length: 40 }, () => 0x80), 0]),
      fault.INTEGER_INVALID,
    ],
    ['index of 2^32', integer(0x80, 7, 2 ** 32 + 8), fault.INTEGER_INVALID],
    ['length of 2^53', Buffer.concat([Buffer.from([0]), integer(0, 7, 2 ** 53)]), fault.INTEGER_INVALID],
    ['length beyond the block', Buffer.concat([Buffer.from([0]), integer(0, 7, 9)]), fault.STRING_CUT],
    ['Huffman code with EOS', Buffer.from([0, 0x84, 255, 255, 255, 255, 0]), fault.HUFFMAN_INVALID],
  ] as const) {
    assert.equal(answer(new HeadDecoder(LIMITS), OK, part), detail(expected), name);
    assert.equal(fault.headFaultKind(expected), 'COMPRESSION');
    const refusing = new HeadDecoder(LIMITS);
    assert.equal(refusing.refuse(part, 0, part.length), expected, `${name}, refused`);
  }
});

test('an integer may be longer than it need be', () => {
  const length = Buffer.from([0x7f, 0x80, 0x80, 0]);
  const value = 'y'.repeat(127);
  const field = Buffer.concat([Buffer.from([0]), string('x'), length, Buffer.from(value)]);
  assert.equal(answer(new HeadDecoder(LIMITS), OK, field), `x: ${value}`);
});

test('a bomb is refused before it goes off, and the table is in step', () => {
  const decoder = new HeadDecoder(LIMITS);
  assert.equal(answer(decoder, OK, literal('a', 'b'.repeat(4000))).length, 4003);
  out.buffer.fill(0);
  const bomb = Buffer.concat([OK, ...Array.from({ length: 16_000 }, () => indexed(62)), literal('c', 'd')]);
  assert.equal(answer(decoder, bomb), detail(fault.HEAD_TOO_LARGE));
  assert.ok(out.buffer.subarray(LIMITS.maxHeadBytes).every((byte) => byte === 0));
  assert.equal(answer(decoder, OK, indexed(62)), 'c: d');
});

test('a cookie bomb and a literal bomb too', () => {
  const pseudo = plain([
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    ['cookie', 'a'],
  ]);
  const decoder = new HeadDecoder(LIMITS);
  const learn = Buffer.concat([pseudo, literal('cookie', 'b'.repeat(4000))]);
  assert.ok(decoder.request(learn, 0, learn.length, out, 0) > 0);
  const bomb = Buffer.concat([pseudo, ...Array.from({ length: 4000 }, () => indexed(62))]);
  assert.equal(decoder.request(bomb, 0, bomb.length, out, 0), fault.HEAD_TOO_LARGE);
  const long = Buffer.concat([OK, literal('x', 'y'.repeat(100_000)), literal('a', 'b')]);
  assert.equal(answer(decoder, long), detail(fault.HEAD_TOO_LARGE));
  assert.equal(answer(decoder, OK, indexed(62)), 'a: b');
  assert.equal(answer(decoder, OK, indexed(63)), detail(fault.INDEX_INVALID));
});

test('limits are exact: bytes as RFC 7541 counts them, lines as HTTP/1.1 has them', () => {
  const fields = (value: number): Buffer => Buffer.concat([OK, literal('x', 'y'.repeat(value))]);
  const decoder = new HeadDecoder({ ...LIMITS, maxHeadBytes: 200, maxHeaders: 2 });
  const room = 200 - (7 + 3 + 32) - (1 + 32);
  assert.equal(answer(decoder, fields(room)).length, room + 3);
  assert.equal(answer(decoder, fields(room + 1)), detail(fault.HEAD_TOO_LARGE));
  const request = (...names: readonly string[]): number => {
    const block = plain([
      [':method', 'GET'],
      [':scheme', 'http'],
      [':path', '/'],
      ...names.map((name) => [name, 'a'] as const),
    ]);
    return new HeadDecoder({ ...LIMITS, maxHeaders: 3 }).request(block, 0, block.length, out, 0);
  };
  assert.ok(request(':authority', 'x', 'x') > 0);
  assert.equal(request(':authority', 'x', 'x', 'x'), fault.TOO_MANY_HEADERS);
  assert.ok(request('host', 'cookie', 'x', 'cookie') > 0);
  assert.equal(request('cookie', 'x', 'x', 'x'), fault.TOO_MANY_HEADERS);
  assert.equal(request('x', 'x', 'x', 'cookie'), fault.TOO_MANY_HEADERS);
  assert.equal(fault.headFaultKind(fault.TOO_MANY_HEADERS), 'TOO_LARGE');
});

test('a head for which `out` has no room is too large', () => {
  const block = Buffer.concat([OK, literal('x', 'y'.repeat(100))]);
  for (let size = 0; size < 200; size++) {
    const small = { buffer: Buffer.alloc(size), address: 0 };
    const end = new HeadDecoder(LIMITS).response(block, 0, block.length, small, 0);
    if (end < 0) assert.equal(end, fault.HEAD_TOO_LARGE);
    else assert.equal(small.buffer.toString('latin1', end - 4, end), '\r\n\r\n');
  }
});

test('the table is in step after every kind of refusal', () => {
  const refusals: readonly Buffer[] = [
    plain([['X', 'y']]),
    plain([['connection', 'close']]),
    literal('x', 'a\r\nb'),
    plain([[':path', '/']]),
    Buffer.concat(Array.from({ length: 129 }, () => plain([['x', 'y']]))),
    literal('x', 'y'.repeat(33_000), { indexing: 'without' }),
    literal('x'.repeat(33_000), 'y', { indexing: 'never' }),
  ];
  for (const [i, refusal] of refusals.entries()) {
    const decoder = new HeadDecoder(LIMITS);
    const block = Buffer.concat([OK, literal('before', '1'), refusal, literal('after', '2')]);
    assert.ok(decoder.response(block, 0, block.length, out, 0) < 0, `refusal ${i}`);
    assert.equal(answer(decoder, OK, indexed(62)), 'after: 2', `refusal ${i}`);
  }
  const decoder = new HeadDecoder(LIMITS);
  const block = Buffer.concat([
    literal('a', '1'),
    Buffer.from([0]),
    string('b'),
    string('2'),
    literal('c', '3'),
  ]);
  assert.equal(decoder.refuse(block, 0, block.length), 0);
  assert.equal(answer(decoder, OK, indexed(62), indexed(63)), 'c: 3\r\na: 1');
});

test('a block that nobody wants may be long', () => {
  const decoder = new HeadDecoder(LIMITS);
  const block = Buffer.concat(Array.from({ length: 200 }, (_, i) => literal('x', `${i}`.padEnd(1500, '.'))));
  assert.equal(decoder.refuse(block, 0, block.length), 0);
  assert.equal(answer(decoder, OK, indexed(62)), `x: ${'199'.padEnd(1500, '.')}`);
  assert.equal(answer(decoder, OK, indexed(63)), `x: ${'198'.padEnd(1500, '.')}`);
});
