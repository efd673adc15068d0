import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bytes, Channel, Io } from '../channel.ts';
import { FrameWriter } from './frame-writer.ts';
import { OutBuffers } from './out-buffers.ts';
import { readFrames } from './testbed/frame-record.ts';

/** Keeps what is written, as a connection to nowhere. */
function open(): { readonly writer: FrameWriter; readonly written: Buffer[]; readonly asked: () => number } {
  const written: Buffer[] = [];
  let asked = 0;
  const io: Pick<Io, 'allocate' | 'later' | 'write'> = {
    allocate: (size: number): Bytes => ({ buffer: Buffer.alloc(size), address: 0 }),
    later: () => asked++,
    write: (_: Channel, bytes: Bytes, start: number, end: number) =>
      written.push(Buffer.from(bytes.buffer.subarray(start, end))),
  };
  const writer = new FrameWriter(io as Io, {} as Channel, new OutBuffers(io as Io));
  return { writer, written, asked: () => asked };
}

test('the frames of a turn leave in one write and are read as they were meant', () => {
  const { writer, written, asked } = open();
  writer.preface();
  writer.settings([3, 100, 4, 65_536]);
  writer.settingsAck();
  writer.pingAck(Buffer.from('..pingpong'), 2);
  writer.windowUpdate(3, 70_000);
  const at = writer.reserveBlock(3);
  writer.buffer.write('abc', at);
  writer.headers(3, at + 3, false);
  writer.data(3, Buffer.from('hello'), 1, 5, true);
  writer.reset(5, 8);
  writer.goaway(7, 11, 'calm');
  assert.deepEqual([written.length, asked()], [0, 1]);
  writer.flush();
  writer.flush();
  assert.equal(written.length, 1);
  assert.deepEqual(readFrames(written, { preface: true }), [
    'settings 000300000064000400010000',
    'settings ack',
    'ping ack',
    'window 3 70000',
    'headers 3 abc',
    'data 3 4 ello last',
    'reset 5 8',
    'goaway 7 11',
  ]);
});

test('each kind of frame may be the first of a turn', () => {
  const { writer, written } = open();
  writer.settings([]);
  for (const write of [
    () => writer.settingsAck(),
    () => writer.pingAck(Buffer.from('12345678'), 0),
    () => writer.windowUpdate(1, 2),
    () => writer.reset(3, 4),
    () => writer.goaway(5, 6, ''),
    () => writer.data(7, Buffer.from('x'), 0, 1, false),
  ]) {
    writer.flush();
    write();
  }
  writer.flush();
  const expected = [
    'settings ',
    'settings ack',
    'ping ack',
    'window 1 2',
    'reset 3 4',
    'goaway 5 6',
    'data 7 1 x',
  ];
  assert.deepEqual(readFrames(written), expected);
});

test('a header block larger than a frame goes on in CONTINUATION', () => {
  for (const size of [16_384, 16_385, 32_768, 40_000]) {
    const { writer, written } = open();
    writer.settings([]);
    const block = Array.from({ length: size }, (_, i) => String.fromCharCode(97 + (i % 23))).join('');
    const at = writer.reserveBlock(size + 100);
    writer.buffer.write(block, at);
    writer.headers(9, at + size, true);
    writer.settingsAck();
    writer.flush();
    assert.deepEqual(readFrames(written), ['settings ', `headers 9 ${block} last`, 'settings ack']);
  }
});

test('a full buffer is written before the turn ends, and nothing is lost', () => {
  const { writer, written } = open();
  writer.settings([]);
  const payload = Buffer.alloc(16_384, 'x');
  for (let i = 0; i < 10; i++) writer.data(1, payload, 0, payload.length, i === 9);
  writer.flush();
  assert.ok(written.length > 1);
  assert.deepEqual(readFrames(written), ['settings ', `data 1 163840 ${'x'.repeat(163_840)} last`]);
});
