// Values on their way into a variable: what fits is encoded, what does not is refused by name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeValue } from './variable.ts';

test('numbers, negative numbers, booleans and bytes', () => {
  assert.equal(encodeValue('x', 1, 255).toString('hex'), 'ff');
  assert.equal(encodeValue('x', 2, -2).toString('hex'), 'feff');
  assert.equal(encodeValue('x', 4, 0x01020304).toString('hex'), '04030201');
  assert.equal(encodeValue('x', 8, -1n).toString('hex'), 'ffffffffffffffff');
  assert.equal(encodeValue('x', 1, true).toString('hex'), '01');
  assert.equal(encodeValue('x', 3, Buffer.from('abc')).toString(), 'abc');
});

test('what does not fit is refused with the variable’s name', () => {
  assert.throws(() => encodeValue('port', 2, 65_536), /variable port: 65536 does not fit into 2 bytes/);
  assert.throws(() => encodeValue('port', 1, -129), /variable port: -129 does not fit/);
  assert.throws(() => encodeValue('port', 4, 1.5), /variable port: 1\.5 is not an integer/);
  assert.throws(() => encodeValue('port', 4, Number.NaN), /port: NaN is not an integer/);
  assert.throws(() => encodeValue('name', 16, 1), /variable name has 16 bytes: give a Buffer/);
  assert.throws(
    () => encodeValue('name', 16, Buffer.alloc(15)),
    /variable name has 16 bytes, the value has 15/,
  );
});
