// .BTF.ext: which function starts where (func_info), source lines (line_info) and CO-RE records, per code section.
// Source: kernel Documentation/bpf/btf.rst, section 4. Offsets are bytes from the start of the code section.
import type { Btf } from './btf.ts';

export const FUNC_INFO_SIZE = 8;
export const LINE_INFO_SIZE = 16;
export const CORE_RELO_SIZE = 16;

/** Records of one code section, in the order of their offsets; each buffer is one record. */
export interface BtfExt {
  readonly funcInfo: ReadonlyMap<string, readonly Buffer[]>;
  readonly lineInfo: ReadonlyMap<string, readonly Buffer[]>;
  readonly coreRelos: ReadonlyMap<string, readonly Buffer[]>;
}

/** @throws ObjectError when the section does not hang together. */
export function readBtfExt(bytes: Buffer, btf: Btf): BtfExt {
  if (bytes.length < 24 || bytes.readUInt16LE(0) !== 0xeb9f)
    throw btf.error('.BTF.ext has no readable header');
  const header = bytes.readUInt32LE(4);
  if (header < 24 || header > bytes.length) throw btf.error('.BTF.ext is cut off');
  return {
    funcInfo: readRecords(bytes, header, 8, FUNC_INFO_SIZE, btf),
    lineInfo: readRecords(bytes, header, 16, LINE_INFO_SIZE, btf),
    // CO-RE records came with the longer header.
    coreRelos: header >= 32 ? readRecords(bytes, header, 24, CORE_RELO_SIZE, btf) : new Map(),
  };
}

/** `field` is where the header holds the table's offset and length; records longer than `size` are cut to it. */
function readRecords(
  bytes: Buffer,
  header: number,
  field: number,
  size: number,
  btf: Btf,
): Map<string, Buffer[]> {
  const records = new Map<string, Buffer[]>();
  const start = header + bytes.readUInt32LE(field);
  const end = start + bytes.readUInt32LE(field + 4);
  if (start === end) return records;
  if (end > bytes.length || end - start < 4) throw btf.error('.BTF.ext is cut off');
  const stride = bytes.readUInt32LE(start);
  if (stride < size || stride % 4 !== 0) throw btf.error(`.BTF.ext has records of ${stride} bytes`);
  for (let at = start + 4; at < end;) {
    if (at + 8 > end) throw btf.error('.BTF.ext is cut off');
    const section = btf.string(bytes.readUInt32LE(at));
    const count = bytes.readUInt32LE(at + 4);
    at += 8;
    if (count === 0 || at + count * stride > end) throw btf.error('.BTF.ext is cut off');
    const list = records.get(section) ?? [];
    for (let index = 0; index < count; index++, at += stride) list.push(bytes.subarray(at, at + size));
    records.set(section, list);
  }
  return records;
}
