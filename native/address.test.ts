import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADDRESS_BYTES, canonicalAddress, formatAddress, readAddress, writeAddress } from './address.ts';

const SAME = [
  '0.0.0.0',
  '127.0.0.1',
  '255.1.2.3',
  '::',
  '::1',
  '1::',
  'fe80::1',
  '2001:db8::1:0:0:1',
  '1:2:3:4:5:6:7:8',
];

for (const address of SAME)
  test(`${address} is read as it was written`, () => {
    const buffer = Buffer.alloc(ADDRESS_BYTES, 0xff);
    const length = writeAddress(buffer, address, 65_535);
    assert.equal(length, address.includes(':') ? 28 : 16);
    assert.deepEqual(readAddress(buffer), { address, port: 65_535 });
  });

test('other writings come back in the canonical one', () => {
  assert.equal(canonicalAddress('FD00:0:0::0001'), 'fd00::1');
  assert.equal(canonicalAddress('1:0:0:2:0:0:0:3'), '1:0:0:2::3');
  assert.equal(canonicalAddress('1:0:2:3:4:5:6:7'), '1:0:2:3:4:5:6:7');
  assert.equal(canonicalAddress('::ffff:10.0.0.1'), '10.0.0.1');
  assert.equal(canonicalAddress('64:ff9b::1.2.3.4'), '64:ff9b::102:304');
});

test('the layout is the one of C', () => {
  const buffer = Buffer.alloc(ADDRESS_BYTES);
  writeAddress(buffer, '1.2.3.4', 0x1234);
  assert.deepEqual([...buffer.subarray(0, 8)], [2, 0, 0x12, 0x34, 1, 2, 3, 4]);
  writeAddress(buffer, '::1', 0x1234);
  assert.deepEqual([...buffer.subarray(0, 8)], [10, 0, 0x12, 0x34, 0, 0, 0, 0]);
  assert.equal(buffer[23], 1);
});

test('what is no literal address is refused', () => {
  for (const address of ['', 'localhost', '1.2.3', '1.2.3.256', ':::', 'fe80::1%eth0', '[::1]'])
    assert.throws(() => canonicalAddress(address), RangeError, address);
});

test('ports are told apart from IPv6 groups', () => {
  assert.equal(formatAddress('1.2.3.4', 80), '1.2.3.4:80');
  assert.equal(formatAddress('::1', 80), '[::1]:80');
});
