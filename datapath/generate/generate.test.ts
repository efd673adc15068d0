// layout.gen.ts is what the committed objects say, and layouts that cannot be mirrored are refused by name.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Btf, KIND } from '#native/bpf/btf';
import type { MapSpec } from '#native/bpf/map-definition';
import * as layout from '../layout.gen.ts';
import { generate, LAYOUT_FILE } from './generate.ts';
import { readLayout } from './struct-layout.ts';

test('layout.gen.ts is current', () => {
  assert.equal(readFileSync(LAYOUT_FILE, 'utf8'), generate(), 'run npm run generate and commit the result');
});

test('what is written is read back, network order and padding included', () => {
  const buffer = Buffer.alloc(layout.REPLY_KEY_SIZE, 0xff);
  const key = { cookie: 0x0102030405060708n, peer: { address: new Uint8Array(16).fill(9), port: 0x1234 } };
  layout.writeReplyKey(buffer, 0, key);
  assert.equal(buffer.toString('hex'), `0807060504030201${'09'.repeat(16)}12340000${'00'.repeat(4)}`);
  assert.deepEqual(layout.readReplyKey(buffer, 0), key);
});

test('a gap that belongs to no field is refused: on the stack of a BPF program it holds garbage', () => {
  assert.throws(
    () => read([member('a', 0), member('b', 64)], 12),
    /struct sample: bytes 4 to 8 belong to no field.*Mend: /,
  );
  assert.throws(() => read([member('a', 0)], 8), /struct sample: bytes 4 to 8 belong to no field/);
});

test('pointers are refused with the field', () => {
  assert.throws(
    () => read([member('a', 0, 3)], 8),
    /struct sample, field a: a type without a layout here. Mend: /,
  );
});

test('fields in order, with the C names', () => {
  assert.deepEqual(read([member('a', 0), member('b', 32)], 8).structs, [
    {
      name: 'sample',
      size: 8,
      fields: ['a', 'b'].map((name, i) => ({
        name,
        offset: 4 * i,
        size: 4,
        type: { kind: 'integer', bytes: 4, bigEndian: false },
        c: 'u32',
      })),
    },
  ]);
});

interface Member {
  readonly name: string;
  readonly bits: number;
  readonly type: number;
}

function member(name: string, bits: number, type = 1): Member {
  return { name, bits, type };
}

/** BTF of: 1 = u32, 2 = struct sample, 3 = pointer to u32; read as the key of a map. */
function read(members: readonly Member[], size: number): ReturnType<typeof readLayout> {
  const strings = ['', 'u32', 'sample', ...members.map((one) => one.name)];
  const at = (text: string): number =>
    Buffer.byteLength(`${strings.slice(0, strings.indexOf(text)).join('\0')}\0`);
  const words = [
    [at('u32'), KIND.INT << 24, 4, 32],
    [at('sample'), (KIND.STRUCT << 24) | members.length, size],
    ...members.map((one) => [at(one.name), one.type, one.bits]),
    [0, KIND.PTR << 24, 1],
  ].flat();
  const types = Buffer.alloc(words.length * 4);
  words.forEach((word, i) => types.writeUInt32LE(word, i * 4));
  const text = Buffer.from(`${strings.join('\0')}\0`);
  const header = Buffer.alloc(24);
  header.writeUInt16LE(0xeb9f, 0);
  header.writeUInt8(1, 2);
  [24, 0, types.length, types.length, text.length].forEach((word, i) =>
    header.writeUInt32LE(word, 4 + i * 4),
  );
  const btf = Btf.read(Buffer.concat([header, types, text]), 'sample.o');
  return readLayout(btf, [{ keyType: 2, valueType: 1 } as MapSpec]);
}
