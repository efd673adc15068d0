// Addresses: every spelling of the RFCs, nothing else, and text that survives the round trip.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatAddress, formatEndpoint, parseAddress } from './address.ts';

const hex = (text: string): string => Buffer.from(parseAddress(text)?.bytes ?? []).toString('hex');

test('IPv4 is stored v4-mapped, and a v4-mapped literal is IPv4', () => {
  assert.equal(hex('10.96.0.1'), '00000000000000000000ffff0a600001');
  assert.equal(parseAddress('10.96.0.1')?.family, 4);
  assert.deepEqual(parseAddress('::ffff:10.96.0.1'), parseAddress('10.96.0.1'));
  assert.deepEqual(parseAddress('::FFFF:a60:1'), parseAddress('10.96.0.1'));
});

test('IPv6 in all its spellings', () => {
  assert.equal(hex('::'), '00000000000000000000000000000000');
  assert.equal(hex('::1'), '00000000000000000000000000000001');
  assert.equal(hex('fd00::'), 'fd000000000000000000000000000000');
  assert.equal(hex('2001:db8:0:0:1::1'), '20010db8000000000001000000000001');
  assert.equal(hex('64:ff9b::192.0.2.33'), '0064ff9b0000000000000000c0000221');
  assert.equal(parseAddress('::1')?.family, 6);
});

test('what is not exactly one address is none', () => {
  const wrong = [
    '', ' ', '1', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', '1.2.3.4 ', '0x1.2.3.4', '1.2.3.-4', 'localhost',
    ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7::8:9', '12345::', 'g::', '::1%lo',
    '[::1]', '1.2.3.4::', '::1.2.3.4:5', '::1.2.3', '1:', ':1', '::ffff:1.2.3.256',
  ]; // prettier-ignore
  for (const text of wrong) assert.equal(parseAddress(text), undefined, JSON.stringify(text));
});

test('the canonical text is that of RFC 5952', () => {
  const cases = [
    ['2001:DB8::0001', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['0:0:0:0:0:0:0:0', '::'],
  ] as const;
  for (const [text, canonical] of cases)
    assert.equal(formatAddress(parseAddress(text)?.bytes ?? Buffer.alloc(0)), canonical);
  assert.equal(formatEndpoint(parseAddress('::1')?.bytes ?? Buffer.alloc(0), 80), '[::1]:80');
  assert.equal(formatEndpoint(parseAddress('10.0.0.1')?.bytes ?? Buffer.alloc(0), 80), '10.0.0.1:80');
});

test('property: every address survives text and back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const text = formatAddress(bytes);
      assert.notEqual(net.isIP(text), 0, text);
      assert.deepEqual(parseAddress(text)?.bytes, bytes);
    }),
  );
});

test('property: we accept no text that node:net refuses, and refuse none that it accepts', () => {
  const alphabet = fc.constantFrom(...'0123456789abcdefF:.:::...'.split(''));
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit: alphabet, maxLength: 24 })), (text) => {
      assert.equal(parseAddress(text) !== undefined, net.isIP(text) !== 0, text);
    }),
    { numRuns: 2000 },
  );
});
