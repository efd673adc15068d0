// Every header of the corpus, whole and cut at each byte; and what is written reads back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BAD, binary, GOOD, GROUPS, MOST, RELAYED4, RELAYED6, REST } from './corpus.ts';
import { crc32c } from './crc32c.ts';
import { readProxyHeader } from './read-header.ts';
import { LONGEST_HEADER, writeProxyHeader } from './write-header.ts';

function read(text: string | Buffer, most = MOST): ReturnType<typeof readProxyHeader> {
  // Not at the start of its memory: offsets count.
  const bytes = Buffer.concat([Buffer.from('PROXY'), Buffer.from(text as string, 'latin1')]);
  return readProxyHeader(bytes, 5, bytes.length, most);
}

function refusalOf(text: string | Buffer): string {
  const result = read(text);
  return typeof result === 'string' ? result : `not refused: ${JSON.stringify(result)}`;
}

for (const [name, [header, relayed]] of Object.entries(GOOD))
  test(`${name}: read at once, and asked for more at every byte before that`, () => {
    const bytes = Buffer.from(header as string, 'latin1');
    const { length } = bytes;
    assert.deepEqual(read(bytes), { length, relayed });
    assert.deepEqual(read(Buffer.concat([bytes, Buffer.from(REST)])), { length, relayed });
    for (let cut = 0; cut < length; cut++) assert.equal(read(bytes.subarray(0, cut)), undefined, `at ${cut}`);
  });

for (const [name, [header, reason]] of Object.entries(BAD))
  test(`${name}: refused, and never taken for a header on the way`, () => {
    const bytes = Buffer.from(header as string, 'latin1');
    assert.match(refusalOf(bytes), reason);
    for (let cut = 0; cut < bytes.length; cut++) {
      const result = read(bytes.subarray(0, cut));
      assert.ok(result === undefined || typeof result === 'string', `at ${cut}: ${JSON.stringify(result)}`);
    }
  });

test('what is certain is refused at once: the first wrong byte, version, command, length', () => {
  assert.match(refusalOf('G'), /does not begin/);
  assert.match(refusalOf('\r\n\r\nG'), /does not begin/);
  assert.match(refusalOf(binary(0x31, 0, '').subarray(0, 13)), /version/);
  assert.match(refusalOf(binary(0x21, 0x11, Buffer.alloc(MOST + 1)).subarray(0, 16)), /more than/);
});

test('CRC-32C of the known check value', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
});

test('what is written reads back, in both versions and families', () => {
  const to = Buffer.alloc(LONGEST_HEADER);
  const longest = { address: GROUPS, port: 65_535 };
  for (const version of [1, 2] as const)
    for (const relayed of [RELAYED4, RELAYED6, { source: longest, destination: longest }]) {
      const length = writeProxyHeader(version, relayed, to);
      assert.deepEqual(read(to.subarray(0, length)), { length, relayed });
    }
  assert.equal(to.toString('latin1', 0, writeProxyHeader(1, RELAYED4, to)), GOOD['TCP4']?.[0]);
});

test('an IPv4 client of an IPv6 address goes as one family', () => {
  const to = Buffer.alloc(LONGEST_HEADER);
  const mixed = { source: RELAYED4.source, destination: RELAYED6.destination };
  assert.equal(
    to.toString('latin1', 0, writeProxyHeader(1, mixed, to)),
    'PROXY TCP6 ::ffff:c000:201 ::1 56308 65535\r\n',
  );
  for (const version of [1, 2] as const)
    assert.deepEqual(read(to.subarray(0, writeProxyHeader(version, mixed, to))), {
      length: version === 1 ? 44 : 52,
      relayed: mixed,
    });
});
