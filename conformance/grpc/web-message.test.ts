import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesField, decodeText, frameMessage, numberField, parseWebAnswer } from './web-message.ts';

const TRAILERS = Buffer.concat([
  Buffer.from([0x80, 0, 0, 0, 32]),
  Buffer.from('grpc-status: 0\r\nGrpc-Message:x\r\n'),
]);

test('messages and trailers are told apart', () => {
  const body = Buffer.concat([frameMessage(Buffer.from('one')), frameMessage(Buffer.from('')), TRAILERS]);
  const { messages, trailers } = parseWebAnswer(body);
  assert.deepEqual(messages.map(String), ['one', '']);
  assert.deepEqual(
    [...(trailers ?? [])],
    [
      ['grpc-status', '0'],
      ['grpc-message', 'x'],
    ],
  );
});

test('an answer without trailers, and broken ones', () => {
  assert.equal(parseWebAnswer(frameMessage(Buffer.from('one'))).trailers, undefined);
  assert.throws(() => parseWebAnswer(Buffer.concat([TRAILERS, TRAILERS])), /after the trailer frame/);
  assert.throws(() => parseWebAnswer(TRAILERS.subarray(0, 4)), /header is cut/);
  assert.throws(() => parseWebAnswer(TRAILERS.subarray(0, 20)), /is cut after 20/);
});

test('text may be padded in the middle', () => {
  const text = ['a', 'bc', 'def'].map((part) => Buffer.from(part).toString('base64')).join('');
  assert.equal(decodeText(text).toString(), 'abcdef');
});

test('protobuf fields', () => {
  assert.equal(numberField(2, 300).toString('hex'), '10ac02');
  assert.equal(bytesField(3, 'ab').toString('hex'), '1a026162');
});
