import { test } from 'node:test';
import assert from 'node:assert/strict';
import { FAILURES } from '../model/failure.ts';
import { ACCESS_LOG_FIELDS } from './access-log-field.ts';
import { AccessLog, type AccessLogEntry, type AccessLogSink } from './access-log.ts';
import { Recorder } from './recorder.ts';
import { ACCESS_LOG } from './recorder-layout.ts';

const ENTRY: AccessLogEntry = {
  startTime: Date.UTC(2026, 1, 3, 4, 5, 6, 7),
  method: 'GET',
  host: 'shop.example.com',
  path: '/cart?token=secret',
  protocol: 'HTTP/1.1',
  status: 200,
  failure: '',
  bytesIn: 120,
  bytesOut: 2048,
  durationMicros: 153.6,
  upstreamMicros: 101.2,
  requestId: 'abc',
  listener: 'default/edge/http',
  route: 'default/shop',
  rule: '0',
  cluster: 'default/shop:80',
  endpoint: '10.0.0.7:8080',
  client: '10.0.0.9:51234',
};

/** A sink that takes `room` bytes and then nothing until room is given again. */
class SlowSink implements AccessLogSink {
  readonly pieceBytes: number;
  readonly pieces: string[] = [];
  room = Number.MAX_SAFE_INTEGER;
  calls = 0;

  constructor(pieceBytes: number = Number.MAX_SAFE_INTEGER) {
    this.pieceBytes = pieceBytes;
  }

  get text(): string {
    return this.pieces.join('');
  }

  write(bytes: Uint8Array): number {
    this.calls++;
    const taken = Math.min(this.room, bytes.length);
    this.room -= taken;
    if (taken > 0) this.pieces.push(Buffer.from(bytes.subarray(0, taken)).toString('latin1'));
    return taken;
  }
}

function lineOf(entry: Partial<AccessLogEntry>, query = false): Record<string, unknown> {
  const sink = new SlowSink();
  const log = new AccessLog(sink, { query });
  log.record({ ...ENTRY, ...entry });
  log.flush();
  assert.match(sink.text, /^[\x20-\x7e]*\n$/, 'one line of printable ASCII');
  return JSON.parse(sink.text) as Record<string, unknown>;
}

test('a line has the fields of the table, in its order and of its types', () => {
  const line = lineOf({});
  assert.deepEqual(
    Object.keys(line),
    ACCESS_LOG_FIELDS.map((field) => field.name),
  );
  for (const field of ACCESS_LOG_FIELDS) {
    const value = line[field.name];
    assert.equal(Number.isInteger(value) ? 'integer' : typeof value, field.type, field.name);
  }
  assert.deepEqual(Object.values(line), [
    '2026-02-03T04:05:06.007Z',
    'GET',
    'shop.example.com',
    '/cart',
    'HTTP/1.1',
    200,
    '-',
    '',
    120,
    2048,
    154,
    101,
    'abc',
    'default/edge/http',
    'default/shop',
    '0',
    'default/shop:80',
    '10.0.0.7:8080',
    '10.0.0.9:51234',
  ]);
});

test('a failure brings its Envoy response flag', () => {
  const line = lineOf({ failure: 'NO_ENDPOINT', status: 503 });
  assert.equal(line['failure'], 'NO_ENDPOINT');
  assert.equal(line['response_flags'], FAILURES.NO_ENDPOINT.flag);
});

test('the query is written only when asked for', () => {
  assert.equal(lineOf({}, false)['path'], '/cart');
  assert.equal(lineOf({}, true)['path'], '/cart?token=secret');
});

test('nothing from the wire can break a line', () => {
  for (let byte = 0; byte < 256; byte++) {
    const path = `/a${String.fromCharCode(byte)}b`;
    assert.equal(lineOf({ path }, true)['path'], path, 'bytes that are not UTF-8 read as latin1');
  }
  assert.equal(lineOf({ path: '/"}\n{"method":"' })['path'], '/"}\n{"method":"');
  const wire = Buffer.from('/caf\u00e9/\u{1f600}').toString('latin1');
  assert.equal(lineOf({ path: wire })['path'], '/caf\u00e9/\u{1f600}', 'valid UTF-8 reads as UTF-8');
  assert.equal(lineOf({ requestId: 'x\u2028\ud800' })['request_id'], 'x\u2028\ud800');
});

test('long texts are cut so that a line stays within one piece of a pipe', () => {
  for (const filler of [
    'a',
    '\\',
    '"',
    '\u0001',
    'a\\',
    'aa\\',
    'ab\u0001',
    'abc\u0001',
    'abcd\u0001',
    '\u00ff',
    '\u20ac',
  ]) {
    const long = filler.repeat(70_000);
    const entry = Object.fromEntries(
      Object.entries(ENTRY).map(([key, value]) => [key, typeof value === 'string' ? long : value]),
    );
    const sink = new SlowSink();
    const log = new AccessLog(sink);
    log.record({ ...ENTRY, ...entry, failure: '' });
    log.flush();
    assert.ok(sink.text.length <= 4096, `${sink.text.length} bytes`);
    assert.doesNotThrow(() => JSON.parse(sink.text) as unknown);
  }
});

test('lines of one turn leave in one write', () => {
  const sink = new SlowSink();
  const log = new AccessLog(sink);
  for (let i = 0; i < 100; i++) log.record(ENTRY);
  assert.equal(sink.calls, 0);
  log.flush();
  assert.equal(sink.calls, 1);
  assert.equal(sink.text.split('\n').length - 1, 100);
  log.flush();
  assert.equal(sink.calls, 1, 'nothing to write, no call');
});

test('a blocked sink drops and counts lines, keeps the rest whole, and goes on when it takes again', () => {
  const sink = new SlowSink();
  const recorder = Recorder.create();
  const log = new AccessLog(sink, { bufferBytes: 8192, recorder });
  sink.room = 100; // in the middle of the first line
  for (let i = 0; i < 1000; i++) log.record({ ...ENTRY, status: 200 + (i % 100) });
  assert.ok(sink.calls <= 2, `a full sink is not called per line (${sink.calls})`);
  const { counts, layout } = recorder;
  const dropped = counts[layout.accessLog + ACCESS_LOG.dropped]!;
  const written = counts[layout.accessLog + ACCESS_LOG.written]!;
  assert.ok(dropped > 900);
  assert.equal(dropped + written, 1000);
  sink.room = Number.MAX_SAFE_INTEGER;
  log.flush();
  assert.equal(log.pending, 0);
  log.record(ENTRY);
  log.flush();
  const lines = sink.text.trimEnd().split('\n');
  assert.equal(lines.length, written + 1);
  for (const line of lines) assert.doesNotThrow(() => JSON.parse(line) as unknown);
});

test('pieces for a pipe end at the end of a line', () => {
  const sink = new SlowSink(1000);
  const log = new AccessLog(sink);
  for (let i = 0; i < 20; i++) log.record(ENTRY);
  log.flush();
  for (const piece of sink.pieces) {
    assert.ok(piece.length <= 1000);
    assert.ok(piece.endsWith('}\n'));
  }
});
