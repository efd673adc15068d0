// node:http2 as second opinion: what its client encodes is decoded here, and what is encoded here its client decodes, over
// one connection, with tables of several sizes that change on the way.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  ACK,
  END_HEADERS,
  END_STREAM,
  FRAME_HEADER,
  HEADERS,
  PREFACE,
  SETTINGS,
  WITH_PRIORITY,
} from '../frame.ts';
import { frame, settingsPayload } from '../testbed/frames.ts';
import { HeadDecoder } from './head-decoder.ts';
import { HeadEncoder } from './head-encoder.ts';

type Fields = [name: string, value: string][];

const HEADER_TABLE_SIZE = 1;
const NAMES = [
  'accept',
  'user-agent',
  'server',
  'etag',
  'x-a',
  'x-b',
  'x-long-name-of-a-field',
  'vary',
  'x-api-key',
];
const nameOf = fc.oneof(fc.constantFrom(...NAMES), fc.stringMatching(/^x-[a-z0-9_~!#$%&'*+.^`|-]{1,20}$/));
const valueOf = fc.oneof(
  fc.constantFrom('', 'gzip, deflate', '*/*', 'a', 'x'.repeat(300), '"1-2"'),
  fc.stringMatching(/^[!-~]{1,40}( [!-~]{1,20})?$/),
);
const fieldsOf = fc.uniqueArray(fc.tuple(nameOf, valueOf), { maxLength: 12, selector: ([name]) => name });

/** Reads requests as the decoder under test does, and answers each with what the test says. */
class Peer {
  readonly decoder: HeadDecoder;
  readonly encoder: HeadEncoder = new HeadEncoder(4096);
  readonly server: net.Server;
  request = '';
  head = '';
  trailers = '';
  readonly #tableSize: number;

  constructor(tableSize: number) {
    this.#tableSize = tableSize;
    this.decoder = new HeadDecoder({ maxTableSize: tableSize, maxHeadBytes: 65_536, maxHeaders: 128 });
    this.server = net.createServer((socket) => this.#serve(socket)).listen(0, '127.0.0.1');
  }

  #serve(socket: net.Socket): void {
    let bytes = Buffer.alloc(0);
    socket.setNoDelay(true);
    let at = PREFACE.length;
    socket.write(frame(SETTINGS, 0, 0, settingsPayload(HEADER_TABLE_SIZE, this.#tableSize)));
    socket.on('error', () => {});
    socket.on('data', (more: Buffer) => {
      bytes = Buffer.concat([bytes, more]);
      while (bytes.length >= at + FRAME_HEADER) {
        const length = bytes.readUIntBE(at, 3);
        const end = at + FRAME_HEADER + length;
        if (bytes.length < end) return;
        this.#take(
          socket,
          bytes[at + 3] ?? 0,
          bytes[at + 4] ?? 0,
          bytes.readUInt32BE(at + 5),
          bytes.subarray(at + 9, end),
        );
        at = end;
      }
    });
  }

  #take(socket: net.Socket, type: number, flags: number, stream: number, payload: Buffer): void {
    if (type === SETTINGS && (flags & ACK) !== 0) this.decoder.acknowledge();
    else if (type === SETTINGS) {
      for (let i = 0; i < payload.length; i += 6)
        if (payload.readUInt16BE(i) === HEADER_TABLE_SIZE)
          this.encoder.setMaxTableSize(payload.readUInt32BE(i + 2));
      socket.write(frame(SETTINGS, ACK, 0));
    } else if (type === HEADERS) {
      const out = { buffer: Buffer.alloc(70_000), address: 0 };
      const end = this.decoder.request(
        payload,
        (flags & WITH_PRIORITY) === 0 ? 0 : 5,
        payload.length,
        out,
        0,
      );
      this.request = end < 0 ? `fault ${end}` : out.buffer.toString('latin1', 0, end);
      const block = (text: string, kind: 'response' | 'trailers'): Buffer => {
        const bytes = Buffer.from(text, 'latin1');
        const to = Buffer.alloc(this.encoder.bound(bytes.length));
        return to.subarray(0, this.encoder[kind](bytes, 0, bytes.length, to, 0));
      };
      socket.write(frame(HEADERS, END_HEADERS, stream, block(this.head, 'response')));
      socket.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, block(this.trailers, 'trailers')));
    }
  }
}

const linesOf = (fields: Fields): string => fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');

for (const [ours, theirs] of [
  [4096, 4096],
  [0, 4096],
  [4096, 0],
  [300, 300],
  [65_536, 200],
] as const)
  test(`node:http2 understands and is understood, with tables of ${ours} and ${theirs} bytes`, async () => {
    const peer = new Peer(ours);
    await once(peer.server, 'listening');
    const { port } = peer.server.address() as AddressInfo;
    const client = http2.connect(`http://127.0.0.1:${port}`, {
      settings: { headerTableSize: theirs },
      maxDeflateDynamicTableSize: 65_536,
    });
    await once(client, 'remoteSettings');
    let round = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fieldsOf, fieldsOf, fieldsOf, async (asked, answered, trailers) => {
          if (++round % 20 === 0) client.settings({ headerTableSize: (round * 61) % 4097 });
          peer.head = `HTTP/1.1 ${200 + (round % 7)} OK\r\n${linesOf(answered)}\r\n`;
          peer.trailers = `${linesOf([...trailers, ['x-end', 'true']])}\r\n`;
          const path = `/${round % 3}`;
          const stream = client.request(Object.fromEntries([...asked, [':path', path], [':authority', 'a']]));
          const trailing = once(stream, 'trailers');
          const [, , raw] = await once(stream, 'response');
          stream.resume();
          const [, , rawTrailers] = await trailing;
          assert.deepEqual(linesOfRaw(raw), [
            `:status: ${200 + (round % 7)}`,
            ...answered.map(([name, value]) => `${name}: ${value}`),
          ]);
          assert.deepEqual(linesOfRaw(rawTrailers), [
            ...trailers.map(([name, value]) => `${name}: ${value}`),
            'x-end: true',
          ]);
          const [first, host, ...lines] = peer.request.split('\r\n');
          assert.equal(first, `GET ${path} HTTP/1.1`);
          assert.equal(host, 'host: a');
          assert.deepEqual(
            lines
              .slice(0, -2)
              .map((line) => line.replace(/^([^:]*):(?! )/, '$1: '))
              .sort(),
            asked.map(([name, value]) => `${name}: ${value}`).sort(),
          );
        }),
        { numRuns: 120, seed: 9113 },
      );
    } finally {
      client.destroy();
      peer.server.close();
    }
  });

function linesOfRaw(raw: readonly string[]): string[] {
  return Array.from({ length: raw.length / 2 }, (_, i) => `${raw[i * 2]}: ${raw[i * 2 + 1]}`);
}
