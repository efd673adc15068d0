import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadDecoder } from './head-decoder.ts';
import { HeadEncoder } from './head-encoder.ts';
import { ReferenceDecoder } from './testbed/reference-decoder.ts';

const LIMITS = { maxTableSize: 65_536, maxHeadBytes: 65_536, maxHeaders: 200 };
const out = { buffer: Buffer.alloc(131_072), address: 0 };
const room = Buffer.alloc(131_072);

/** One direction of a connection: what is encoded at one end is decoded at the other. */
class Direction {
  readonly encoder: HeadEncoder;
  readonly decoder: HeadDecoder = new HeadDecoder(LIMITS);
  readonly reference: ReferenceDecoder = new ReferenceDecoder(65_536);
  block: Buffer = Buffer.alloc(0);
  /** "name: value" of the block, as the reference reads it. */
  fields: readonly string[] = [];

  constructor(maxTableSize = 4096) {
    this.encoder = new HeadEncoder(maxTableSize);
  }

  request(head: string, scheme: 'http' | 'https' = 'http', protocol = ''): string {
    const text = Buffer.from(head, 'latin1');
    const end = this.encoder.request(text, 0, text.length, scheme, room, 5, protocol);
    return this.#decode('request', text, end);
  }

  response(head: string): string {
    const text = Buffer.from(`before${head}after`, 'latin1');
    const end = this.encoder.response(text, 6, text.length - 5, room, 5);
    return this.#decode('response', text, end);
  }

  trailers(lines: string): string {
    const text = Buffer.from(lines, 'latin1');
    return this.#decode('trailers', text, this.encoder.trailers(text, 0, text.length, room, 5));
  }

  #decode(part: 'request' | 'response' | 'trailers', text: Buffer, end: number): string {
    assert.ok(end - 5 <= this.encoder.bound(text.length), `${end - 5} bytes for ${text.length}`);
    this.block = Buffer.from(room.subarray(5, end));
    this.fields = this.reference.decode(this.block).map(([name, value]) => `${name}: ${value}`);
    const headEnd = this.decoder[part](this.block, 0, this.block.length, out, 0);
    assert.ok(headEnd > 0, `fault ${headEnd}`);
    return out.buffer.toString('latin1', 0, headEnd);
  }
}

const REQUEST = 'GET /a?b=c HTTP/1.1\r\nhost: a.example\r\naccept: */*\r\nuser-agent: test/1.0\r\n\r\n';

test('a request arrives as it was sent, and from the third time on takes a byte per field', () => {
  const direction = new Direction();
  for (let time = 0; time < 5; time++) {
    assert.equal(direction.request(REQUEST, 'https'), REQUEST);
    assert.equal(direction.decoder.scheme, 'https');
    if (time >= 2) assert.equal(direction.block.length, 6);
  }
});

test('Host may stand anywhere, or nowhere', () => {
  const direction = new Direction();
  for (let time = 0; time < 3; time++) {
    const head = 'GET / HTTP/1.1\r\nAccept: */*\r\nHOST:  a.example \r\nX-A: b\r\n\r\n';
    assert.equal(
      direction.request(head),
      'GET / HTTP/1.1\r\nhost: a.example\r\naccept: */*\r\nx-a: b\r\n\r\n',
    );
    assert.equal(direction.request('GET / HTTP/1.1\r\nx-a: b\r\n\r\n'), 'GET / HTTP/1.1\r\nx-a: b\r\n\r\n');
    assert.equal(direction.request('GET / HTTP/1.1\r\n\r\n'), 'GET / HTTP/1.1\r\n\r\n');
    direction.request('GET / HTTP/1.1\r\naccept: */*\r\nhost: a\r\n\r\n');
    assert.deepEqual(direction.fields, [
      ':method: GET',
      ':scheme: http',
      ':path: /',
      ':authority: a',
      'accept: */*',
    ]);
  }
});

test('methods and paths', () => {
  const direction = new Direction();
  for (const line of ['GET /', 'POST /a', 'PUT /index.html', 'DELETE /x?y', 'OPTIONS *', 'G /', 'HEAD /'])
    for (let time = 0; time < 3; time++) {
      const head = `${line} HTTP/1.1\r\nhost: a\r\n\r\n`;
      assert.equal(direction.request(head), head);
    }
});

test('an extended CONNECT', () => {
  const direction = new Direction();
  const head = 'GET /chat HTTP/1.1\r\nhost: a\r\nsec-websocket-version: 13\r\n\r\n';
  const lines = 'connection: Upgrade\r\nupgrade: websocket\r\n';
  for (let time = 0; time < 3; time++) {
    assert.equal(direction.request(head.replace('\r\n\r\n', `\r\n${lines}\r\n`), 'https', 'websocket'), head);
    assert.deepEqual([direction.decoder.protocol, direction.decoder.isConnect], ['websocket', true]);
  }
});

test('answers: every status, with and without a reason', () => {
  const direction = new Direction();
  for (const status of [100, 103, 200, 201, 204, 206, 304, 400, 404, 418, 500, 503])
    for (const head of [`HTTP/1.1 ${status}`, `HTTP/1.1 ${status} `, `HTTP/1.0 ${status} For a Reason`])
      assert.equal(
        direction.response(`${head}\r\nServer: x\r\nETag:\t"1"\t\r\nVary:\r\n\r\n`),
        `HTTP/1.1 ${status} \r\nserver: x\r\netag: "1"\r\nvary: \r\n\r\n`,
      );
});

test('trailers', () => {
  const direction = new Direction();
  for (let time = 0; time < 4; time++) {
    const lines = 'grpc-status: 0\r\ngrpc-message: \r\nX-Sum: a b\r\n\r\n';
    assert.equal(direction.trailers(lines), lines.toLowerCase());
  }
  assert.equal(direction.block.length, 3);
  assert.equal(direction.trailers('\r\n'), '\r\n');
  assert.equal(direction.block.length, 0);
});

test('fields that speak of the connection do not get through', () => {
  const lines =
    'Connection: close\r\nkeep-alive: timeout=5\r\nproxy-connection: x\r\ntransfer-encoding: chunked\r\nUpgrade: h2c\r\nTE: gzip\r\n';
  const direction = new Direction();
  for (let time = 0; time < 3; time++) {
    assert.equal(
      direction.response(`HTTP/1.1 200 OK\r\n${lines}a: b\r\n\r\n`),
      'HTTP/1.1 200 \r\na: b\r\n\r\n',
    );
    assert.equal(
      direction.request(`GET / HTTP/1.1\r\n${lines}te: trailers\r\n\r\n`),
      'GET / HTTP/1.1\r\nte: trailers\r\n\r\n',
    );
  }
});

test('secrets never enter a table, nor do lines marked by the decoder', () => {
  const direction = new Direction();
  const lines = 'set-cookie:id=1\r\nauthorization:Basic x\r\nx-mine:1\r\netag:2\r\ncookie:a\r\n\r\n';
  const spaced = lines.replace(/^(set-cookie|authorization|cookie):/gm, '$1: ');
  for (let time = 0; time < 4; time++)
    assert.equal(direction.response(`HTTP/1.1 200 \r\n${spaced}`), `HTTP/1.1 200 \r\n${lines}`);
  assert.deepEqual(direction.reference.table, []);
});

test('what is never the same twice does not push out what is', () => {
  const direction = new Direction();
  for (let time = 0; time < 500; time++) {
    const head = `GET /${time} HTTP/1.1\r\nhost: a\r\naccept: */*\r\nx-request-id: ${time % 2}\r\nx-sum: ${time}\r\n\r\n`;
    assert.equal(direction.request(head), head);
  }
  assert.deepEqual(direction.reference.table, [
    ['accept', '*/*'],
    [':authority', 'a'],
  ]);
});

test('what takes more than half of the table, or is mostly spaces, does not enter it', () => {
  const direction = new Direction();
  for (let time = 0; time < 3; time++) {
    const head = `HTTP/1.1 200 \r\nx: ${'y'.repeat(2100)}\r\nz:${' '.repeat(100)}a\r\n\r\n`;
    assert.equal(direction.response(head), head.replace(/ {100}/, ' '));
  }
  assert.deepEqual(direction.reference.table, []);
});

const SAME = ['a: 1', 'b: 22', 'c: 333', 'd: 4444', 'e: 55555', 'f: 6'].map((line) => `${line}\r\n`);

test('lines that come together always, and then one of them does not', () => {
  for (let changed = 0; changed < SAME.length; changed++)
    for (const other of [
      'x: 1\r\n',
      '',
      SAME[changed]?.replace(/.\r/, '7\r') ?? '',
      `${SAME[changed]}y: 2\r\n`,
    ]) {
      const direction = new Direction();
      const headOf = (lines: readonly string[]): string => `HTTP/1.1 200 \r\n${lines.join('')}\r\n`;
      for (let time = 0; time < 4; time++) assert.equal(direction.response(headOf(SAME)), headOf(SAME));
      assert.equal(direction.block.length, 1 + SAME.length);
      for (let time = 0; time < 4; time++) {
        const head = headOf(SAME.with(changed, other));
        assert.equal(direction.response(head), head);
        assert.equal(direction.response(headOf(SAME)), headOf(SAME));
        assert.equal(direction.block.length, 1 + SAME.length);
      }
    }
});

test('lines that came together are sent anew when they have left the table', () => {
  const direction = new Direction();
  const head = `HTTP/1.1 200 \r\n${SAME.join('')}\r\n`;
  for (let time = 0; time < 4; time++) assert.equal(direction.response(head), head);
  for (const size of [200, 170, 100]) {
    direction.encoder.setMaxTableSize(size);
    for (let time = 0; time < 4; time++) assert.equal(direction.response(head), head);
  }
});

test('the same line is another field elsewhere', () => {
  const direction = new Direction();
  for (let time = 0; time < 4; time++) direction.request('GET /a HTTP/1.1\r\nhost: a\r\n\r\n');
  direction.request('GET /a HTTP/1.1\r\n\r\n');
  for (let time = 0; time < 3; time++) {
    const text = Buffer.from('host: a\r\n\r\n');
    const end = direction.encoder.trailers(text, 0, text.length, room, 0);
    assert.deepEqual(direction.reference.decode(room.subarray(0, end)), [['host', 'a']]);
  }
});

test('many lines that come again and again, more than the table holds', () => {
  const direction = new Direction();
  for (let time = 0; time < 300; time++) {
    const lines = Array.from(
      { length: 40 },
      (_, i) => `x-${(time * 7 + i * 3) % 90}: ${'v'.repeat(i + 20)}\r\n`,
    );
    const head = `GET /${time % 3} HTTP/1.1\r\nhost: ${time % 2}\r\n${lines.join('')}\r\n`;
    assert.equal(direction.request(head), head);
  }
});

test('the peer says how large the table may be', () => {
  const direction = new Direction();
  const send = (): string => direction.request(REQUEST);
  for (const sizes of [[0], [4096], [100], [4096, 0], [0, 200], [65_536], [50, 4096, 60], []]) {
    for (const size of sizes) direction.encoder.setMaxTableSize(size);
    for (let time = 0; time < 4; time++) assert.equal(send(), REQUEST);
    if (sizes.at(-1) === 0) assert.ok(direction.block.length > 30);
  }
  direction.encoder.setMaxTableSize(0);
  direction.encoder.setMaxTableSize(4096);
  assert.equal(send(), REQUEST);
  assert.equal(direction.block.subarray(0, 4).toString('hex'), '203fe11f', 'both sizes are told');
  assert.equal(send(), REQUEST);
  assert.notEqual(direction.block[0], 0x20);
});

test('a table of our own choice is told with the first block', () => {
  const direction = new Direction(64);
  assert.equal(direction.request(REQUEST), REQUEST);
  assert.equal(direction.block.subarray(0, 2).toString('hex'), '3f21');
  for (let time = 0; time < 4; time++) assert.equal(direction.request(REQUEST), REQUEST);
  const larger = new Direction(16_384);
  larger.encoder.setMaxTableSize(16_384);
  for (let time = 0; time < 4; time++) assert.equal(larger.request(REQUEST), REQUEST);
});

test('the bound holds for lines of any length', () => {
  for (let length = 1; length < 20_000; length = Math.ceil(length * 1.3)) {
    const direction = new Direction(0);
    const line = `${'n'.repeat(Math.min(length, 200))}:${'\x80'.repeat(length)}\r\n`;
    const lines = `${line.repeat(3)}\r\n`;
    assert.equal(direction.trailers(lines), lines);
  }
});
