import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeClientHello, parseReply } from './client-hello.ts';

test('lengths of a ClientHello fit', () => {
  const hello = makeClientHello({ version: 0x0303, ciphers: [0x002f], serverName: Buffer.from('a.example') });
  assert.equal(hello.readUInt16BE(3), hello.length - 5);
  assert.equal(hello.readUIntBE(6, 3), hello.length - 9);
  assert.ok(hello.includes('a.example'));
  assert.equal(makeClientHello({ version: 0x0300, ciphers: [0x002f] }).readUInt16BE(1), 0x0300);
});

test('a ServerHello, an alert, something else, and what is not complete', () => {
  const head = Buffer.from([22, 3, 3, 0, 44, 2, 0, 0, 40, 3, 3]);
  const hello = Buffer.concat([head, Buffer.alloc(32), Buffer.from([2, 7, 7, 0xc0, 0x2b, 1])]);
  assert.deepEqual(parseReply(hello), { kind: 'hello', version: 0x0303, cipher: 0xc02b, compression: 1 });
  assert.equal(parseReply(hello.subarray(0, -1)), undefined);
  assert.deepEqual(parseReply(Buffer.from([21, 3, 3, 0, 2, 2, 40])), { kind: 'alert', description: 40 });
  assert.equal(parseReply(Buffer.from([21, 3, 3])), undefined);
  assert.deepEqual(parseReply(Buffer.from('HTTP/1.1 400')), { kind: 'closed' });
});
