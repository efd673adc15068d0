// Changed, cut and random messages: the reader answers, never throws, never reads beyond what it was given, and what it takes
// for whole it takes for whole in any pieces.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { BAD_NAME, COMPLETE, INCOMPLETE, readClientHello, type ClientHello } from './client-hello.ts';
import { helloMessage, records } from './testbed/hello-bytes.ts';

const RUNS = 20_000;
const hello: ClientHello = { serverName: '', protocols: [], tls13: false };

const seeds = [
  helloMessage({ serverName: 'a.example.com', protocols: ['h2', 'http/1.1'] }),
  helloMessage({ versions: [0x0303], session: Buffer.alloc(0) }),
  helloMessage({
    more: [
      [51, Buffer.alloc(1200)],
      [45, Buffer.of(1, 1)],
      [41, Buffer.alloc(80)],
    ],
  }),
];

/** The verdict, with whatever stands around the bytes. */
function verdict(bytes: Buffer): number {
  const around = Buffer.alloc(bytes.length + 64, 0xff);
  bytes.copy(around, 32);
  const result = readClientHello(around, 32, 32 + bytes.length, hello);
  assert.ok(result >= BAD_NAME && result <= COMPLETE);
  if (result === COMPLETE) assert.ok(hello.serverName.length <= 253);
  return result;
}

test('messages with a few bytes changed', () => {
  const change = fc.tuple(fc.nat(2000), fc.nat(255));
  fc.assert(
    fc.property(
      fc.constantFrom(...seeds),
      fc.array(change, { maxLength: 4 }),
      fc.integer({ min: 16, max: 3000 }),
      (seed, changes, size) => {
        const message = Buffer.from(seed);
        for (const [at, value] of changes) message[at % message.length] = value;
        const bytes = records(message, Math.max(size, Math.ceil(message.length / 16)));
        const result = verdict(bytes);
        const name = hello.serverName;
        if (result !== COMPLETE) return;
        assert.equal(verdict(records(message)), COMPLETE);
        assert.equal(hello.serverName, name);
        for (const end of [1, 5, 9, bytes.length >> 1, bytes.length - 1])
          assert.equal(readClientHello(bytes, 0, end, hello), INCOMPLETE);
      },
    ),
    { numRuns: RUNS },
  );
});

test('random bytes behind a record header', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (content) => {
      const message = Buffer.concat([Buffer.of(1, 0, 0, 0), content]);
      message.writeUIntBE(content.length, 1, 3);
      verdict(records(message));
      verdict(Buffer.from(content));
    }),
    { numRuns: RUNS },
  );
});
