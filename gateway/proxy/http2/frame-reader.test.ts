import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENHANCE_YOUR_CALM, FRAME_SIZE_ERROR, PROTOCOL_ERROR } from './error-code.ts';
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  GOAWAY,
  HEADERS,
  PADDED,
  PING,
  PREFACE,
  PRIORITY,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
  WITH_PRIORITY,
} from './frame.ts';
import { readFrames } from './testbed/frame-record.ts';
import { frame, numbers, settingsPayload } from './testbed/frames.ts';

const FIRST = frame(SETTINGS, 0, 0);
const WHOLE = END_HEADERS | END_STREAM;

/** What comes after the first SETTINGS. */
function read(...frames: readonly Buffer[]): string[] {
  const [first, ...rest] = readFrames([Buffer.concat([FIRST, ...frames])]);
  assert.equal(first, 'settings ');
  return rest;
}

function errorOf(...frames: readonly Buffer[]): number {
  return Number(/^error (\d+): ./.exec(read(...frames).at(-1) ?? '')?.[1] ?? 0);
}

const GOOD: readonly (readonly [Buffer, string])[] = [
  [frame(HEADERS, END_HEADERS, 1, 'abc'), 'headers 1 abc'],
  [frame(HEADERS, WHOLE | PADDED, 3, '\x02abc\0\0'), 'headers 3 abc last'],
  [frame(HEADERS, WHOLE | WITH_PRIORITY, 5, '\0\0\0\x01\x10abc'), 'headers 5 abc last'],
  [frame(HEADERS, WHOLE | WITH_PRIORITY, 5, '\x80\0\0\x05\x10abc'), 'headers 5 abc last fault 1'],
  [frame(HEADERS, WHOLE | WITH_PRIORITY | PADDED, 7, '\x01\0\0\0\x01\x10abc\0'), 'headers 7 abc last'],
  [frame(DATA, 0, 11, 'hello'), 'data 11 5 hello'],
  [frame(DATA, END_STREAM, 1, 'hello'), 'data 1 5 hello last'],
  [frame(DATA, END_STREAM, 1), 'data 1 0  last'],
  [frame(DATA, END_STREAM | PADDED, 1, '\x03hello\0\0\0'), 'data 1 9 hello last'],
  [frame(DATA, END_STREAM | PADDED, 1, '\x03\0\0\0'), 'data 1 4  last'],
  [frame(PRIORITY, 0, 3, '\0\0\0\x01\x10'), 'priority 3 0'],
  [frame(PRIORITY, 0, 3, '\0\0\0\x03\x10'), 'priority 3 1'],
  [frame(PRIORITY, 0, 3, '\0\0\0\x01'), 'priority 3 6'],
  [frame(RST_STREAM, 0, 3, numbers(8)), 'reset 3 8'],
  [frame(RST_STREAM, 0, 3, numbers(0xffffffff)), 'reset 3 4294967295'],
  [frame(SETTINGS, 0, 0, settingsPayload(4, 0x7fffffff)), 'settings 00047fffffff'],
  [frame(SETTINGS, ACK, 0), 'settings ack'],
  [frame(PING, 0, 0, 'pingpong'), 'ping pingpong'],
  [frame(PING, ACK, 0, 'pingpong'), 'ping ack'],
  [frame(GOAWAY, 0, 0, Buffer.concat([numbers(7, 2), Buffer.from('why')])), 'goaway 7 2'],
  [frame(WINDOW_UPDATE, 0, 0, numbers(0x80000001)), 'window 0 1'],
  [frame(WINDOW_UPDATE, 0, 9, numbers(0)), 'window 9 0'],
  [frame(0x16, 255, 0x7fffffff, 'anything'), 'unknown'],
];

test('every frame is reported, however the bytes are cut', () => {
  const bytes = Buffer.concat([PREFACE, FIRST, ...GOOD.map(([one]) => one)]);
  const expected = ['settings ', ...GOOD.map(([, line]) => line)];
  assert.deepEqual(readFrames([bytes], { preface: true }), expected);
  for (const size of [1, 2, 3, 7, 9, 10, 64]) {
    const pieces = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
    assert.deepEqual(readFrames(pieces, { preface: true }), expected, `pieces of ${size}`);
  }
});

test('DATA is passed on before its frame is whole', () => {
  const half = frame(DATA, END_STREAM, 1, 'x'.repeat(100)).subarray(0, 59);
  assert.deepEqual(read(half), [`data 1 50 ${'x'.repeat(50)}`]);
});

test('a block is joined from its CONTINUATIONs', () => {
  assert.deepEqual(
    read(
      frame(HEADERS, END_STREAM, 1, 'a'),
      frame(CONTINUATION, 0, 1, 'b'),
      frame(CONTINUATION, 0, 1, ''),
      frame(CONTINUATION, END_HEADERS, 1, 'c'),
      frame(HEADERS, END_HEADERS, 3, 'd'),
    ),
    ['headers 1 abc last', 'headers 3 d'],
  );
});

test('what a frame can get wrong ends the connection with the code of RFC 9113', () => {
  const long = 'x'.repeat(16_385);
  for (const [code, what, ...frames] of [
    [FRAME_SIZE_ERROR, 'too large', frame(DATA, 0, 1, long)],
    [FRAME_SIZE_ERROR, 'too large, unknown', frame(0x16, 0, 1, long)],
    [FRAME_SIZE_ERROR, 'PING of 7', frame(PING, 0, 0, '1234567')],
    [FRAME_SIZE_ERROR, 'PING of 9', frame(PING, 0, 0, '123456789')],
    [FRAME_SIZE_ERROR, 'RST_STREAM of 3', frame(RST_STREAM, 0, 1, '123')],
    [FRAME_SIZE_ERROR, 'WINDOW_UPDATE of 5', frame(WINDOW_UPDATE, 0, 1, '12345')],
    [FRAME_SIZE_ERROR, 'SETTINGS of 7', frame(SETTINGS, 0, 0, '1234567')],
    [FRAME_SIZE_ERROR, 'SETTINGS ack with settings', frame(SETTINGS, ACK, 0, '123456')],
    [FRAME_SIZE_ERROR, 'GOAWAY of 7', frame(GOAWAY, 0, 0, '1234567')],
    [FRAME_SIZE_ERROR, 'padded DATA of nothing', frame(DATA, PADDED, 1)],
    [FRAME_SIZE_ERROR, 'padded HEADERS of nothing', frame(HEADERS, PADDED | END_HEADERS, 1)],
    [PROTOCOL_ERROR, 'padding beyond DATA', frame(DATA, PADDED, 1, '\x05abcd')],
    [PROTOCOL_ERROR, 'padding beyond HEADERS', frame(HEADERS, PADDED | END_HEADERS, 1, '\x05abcd')],
    [PROTOCOL_ERROR, 'no room for priority', frame(HEADERS, WITH_PRIORITY | END_HEADERS, 1, '\0\0\0\0')],
    [PROTOCOL_ERROR, 'DATA on 0', frame(DATA, 0, 0, 'a')],
    [PROTOCOL_ERROR, 'HEADERS on 0', frame(HEADERS, END_HEADERS, 0, 'a')],
    [PROTOCOL_ERROR, 'PRIORITY on 0', frame(PRIORITY, 0, 0, '\0\0\0\x01\x10')],
    [PROTOCOL_ERROR, 'RST_STREAM on 0', frame(RST_STREAM, 0, 0, numbers(0))],
    [PROTOCOL_ERROR, 'SETTINGS on 1', frame(SETTINGS, 0, 1)],
    [PROTOCOL_ERROR, 'PING on 1', frame(PING, 0, 1, '12345678')],
    [PROTOCOL_ERROR, 'GOAWAY on 1', frame(GOAWAY, 0, 1, numbers(0, 0))],
    [PROTOCOL_ERROR, 'WINDOW_UPDATE by 0', frame(WINDOW_UPDATE, 0, 0, numbers(0))],
    [PROTOCOL_ERROR, 'PUSH_PROMISE', frame(PUSH_PROMISE, END_HEADERS, 1, numbers(2))],
    [PROTOCOL_ERROR, 'CONTINUATION of nothing', frame(CONTINUATION, END_HEADERS, 1, 'a')],
    [
      PROTOCOL_ERROR,
      'CONTINUATION after the end',
      frame(HEADERS, END_HEADERS, 1, 'a'),
      frame(CONTINUATION, END_HEADERS, 1, 'a'),
    ],
    [
      PROTOCOL_ERROR,
      'CONTINUATION of another stream',
      frame(HEADERS, 0, 1, 'a'),
      frame(CONTINUATION, END_HEADERS, 3, 'a'),
    ],
    [PROTOCOL_ERROR, 'a block interrupted', frame(HEADERS, 0, 1, 'a'), frame(DATA, 0, 1, 'a')],
    [PROTOCOL_ERROR, 'a block interrupted by PING', frame(HEADERS, 0, 1, 'a'), frame(PING, 0, 0, '12345678')],
    [PROTOCOL_ERROR, 'a block interrupted by unknown', frame(HEADERS, 0, 1, 'a'), frame(0x16, 0, 1)],
  ] as const)
    assert.equal(errorOf(...frames), code, what);
});

test('a frame that is wrong by its header is refused before its payload has come', () => {
  assert.equal(errorOf(frame(DATA, 0, 1, '', 16_385)), FRAME_SIZE_ERROR);
  assert.equal(errorOf(frame(PING, 0, 0, '', 9)), FRAME_SIZE_ERROR);
});

test('floods of CONTINUATION: by number, by size', () => {
  const more = frame(CONTINUATION, 0, 1);
  assert.equal(errorOf(frame(HEADERS, 0, 1), more, more, more, more), 0);
  assert.equal(errorOf(frame(HEADERS, 0, 1), more, more, more, more, more), ENHANCE_YOUR_CALM);
  const large = 'x'.repeat(16_384);
  const grown = frame(CONTINUATION, 0, 1, large);
  assert.equal(errorOf(frame(HEADERS, 0, 1, large), grown), 0);
  assert.equal(errorOf(frame(HEADERS, 0, 1, large), grown, grown), ENHANCE_YOUR_CALM);
});

test('a connection begins with the preface and SETTINGS', () => {
  const wrong = [Buffer.from('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n'), frame(SETTINGS, 0, 0)];
  assert.match(readFrames(wrong, { preface: true }).join(), /^error 1: /);
  for (const first of [frame(PING, 0, 0, '12345678'), frame(SETTINGS, ACK, 0), frame(0x16, 0, 0)])
    assert.match(readFrames([first]).join(), /^error 1: the first frame/);
});
