// BTF that no compiler writes: read with an error or an answer, never for ever.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Btf, KIND } from './btf.ts';
import { KernelBtf } from './kernel-btf.ts';
import { ObjectError } from './object-error.ts';

/** Types, each a record of 32-bit words, with the strings "", "a", "b" at 0, 1, 3. */
function makeBtf(...records: readonly number[][]): Btf {
  const header = Buffer.alloc(24);
  const types = Buffer.from(Uint32Array.from(records.flat()).buffer);
  const strings = Buffer.from('\0a\0b\0');
  header.writeUInt16LE(0xeb9f, 0);
  header[2] = 1;
  header.writeUInt32LE(24, 4);
  header.writeUInt32LE(types.length, 12);
  header.writeUInt32LE(types.length, 16);
  header.writeUInt32LE(strings.length, 20);
  return Btf.read(Buffer.concat([header, types, strings]), 'made.o');
}

const info = (kind: number, vlen = 0, flag = 0): number => ((flag << 31) | (kind << 24) | vlen) >>> 0;
const INT = [1, info(KIND.INT), 4, 32];

test('sizes follow typedefs, qualifiers, arrays and structs', () => {
  const btf = makeBtf(
    INT, // 1
    [3, info(KIND.TYPEDEF), 1], // 2
    [0, info(KIND.CONST), 2], // 3
    [0, info(KIND.ARRAY), 0, 3, 1, 5], // 4: const b[5]
    [3, info(KIND.STRUCT, 1), 24, 1, 4, 32], // 5
    [0, info(KIND.PTR), 5], // 6
  );
  assert.equal(btf.size(3), 4);
  assert.equal(btf.size(4), 20);
  assert.equal(btf.size(5), 24);
  assert.equal(btf.size(6), 8);
  assert.equal(btf.pointee(6), 5);
  assert.equal(btf.pointee(5), undefined);
  assert.deepEqual(btf.members(5), [{ name: 'a', type: 4, bitOffset: 32, bitSize: 0 }]);
  assert.equal(btf.find('b', KIND.STRUCT), 5);
});

test('bit fields are told apart from whole members', () => {
  const btf = makeBtf(INT, [1, info(KIND.STRUCT, 1, 1), 4, 1, 1, (3 << 24) | 5]);
  assert.deepEqual(btf.members(2), [{ name: 'a', type: 1, bitOffset: 5, bitSize: 3 }]);
});

test('types that refer to themselves end in an error', () => {
  const loop = makeBtf([1, info(KIND.TYPEDEF), 2], [3, info(KIND.CONST), 1]);
  assert.throws(() => loop.size(1), /made\.o: BTF: type 1 refers to itself/);
  const nested = makeBtf([0, info(KIND.ARRAY), 0, 1, 1, 4]);
  assert.throws(() => nested.size(1), /contains itself/);
});

test('ids, strings and kinds out of range are errors that name the file', () => {
  const btf = makeBtf(INT, [99, info(KIND.PTR), 77], [0, info(KIND.FUNC_PROTO), 0]);
  assert.throws(() => btf.name(2), /made\.o: BTF: there is no string at 99/);
  assert.throws(() => btf.pointee(2), /there is no type 77/);
  assert.throws(() => btf.size(3), /type 3 \(kind 13\) has no size/);
  assert.throws(() => btf.members(1), ObjectError);
  assert.throws(() => makeBtf([1, info(25), 4]), /unknown kind 25.*clang/);
  assert.throws(() => makeBtf([1, info(KIND.STRUCT, 9), 4]), /type 1 is cut off/);
});

test('a kernel without types is named with the mend', () => {
  assert.throws(() => KernelBtf.open('/sys/kernel/btf/none'), {
    name: 'ObjectError',
    message:
      /^\/sys\/kernel\/btf\/none: the kernel shows no types \(ENOENT\)\. Mend: .*CONFIG_DEBUG_INFO_BTF/,
  });
});
