// HPACK decoding once more, as simple as can be: strings and arrays, the Huffman code by its bits. Tests compare with it.
import { CODE_BITS, CODES, EOS } from '../huffman-code.ts';
import { STATIC_FIELDS } from '../static-table.ts';

type Field = readonly [name: string, value: string];

const SYMBOLS = new Map(
  Array.from(CODES, (code, symbol) => [code.toString(2).padStart(CODE_BITS[symbol] ?? 0, '0'), symbol]),
);

export class ReferenceDecoder {
  /** Newest first. */
  table: Field[] = [];
  #size: number;
  readonly #most: number;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(tableSize: number) {
    this.#size = tableSize;
    this.#most = tableSize;
  }

  /** The fields of a block; throws for what ends the connection. */
  decode(block: Buffer): Field[] {
    this.#block = block;
    this.#at = 0;
    const fields: Field[] = [];
    while (this.#at < block.length) {
      const first = block[this.#at] ?? 0;
      if (first >= 0x80) fields.push(this.#entry(this.#integer(7)));
      else if (first >= 0x40) {
        const field = this.#literal(6);
        fields.push(field);
        this.table.unshift(field);
        this.#evict();
      } else if (first >= 0x20) {
        const size = this.#integer(5);
        if (fields.length > 0 || size > this.#most) throw new Error('resize');
        this.#size = size;
        this.#evict();
      } else fields.push(this.#literal(4));
    }
    return fields;
  }

  #evict(): void {
    const sizeOf = (fields: readonly Field[]): number =>
      fields.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    while (sizeOf(this.table) > this.#size) this.table.pop();
  }

  #literal(bits: number): Field {
    const index = this.#integer(bits);
    const name = index === 0 ? this.#string() : this.#entry(index)[0];
    return [name, this.#string()];
  }

  #entry(index: number): Field {
    const field = [undefined, ...STATIC_FIELDS, ...this.table][index];
    if (field === undefined) throw new Error('index');
    return field;
  }

  #string(): string {
    const coded = this.#byte() >= 0x80;
    this.#at--;
    const length = this.#integer(7);
    const bytes = this.#block.subarray(this.#at, (this.#at += length));
    if (bytes.length !== length) throw new Error('string');
    return coded ? unpack(bytes) : bytes.toString('latin1');
  }

  #integer(bits: number): number {
    const most = 2 ** bits - 1;
    let value = this.#byte() & most;
    if (value < most) return value;
    for (let i = 0; i < 4; i++) {
      const byte = this.#byte();
      value += (byte & 127) * 128 ** i;
      if (byte < 128) return value;
    }
    throw new Error('integer');
  }

  #byte(): number {
    const byte = this.#block[this.#at++];
    if (byte === undefined) throw new Error('end');
    return byte;
  }
}

function unpack(bytes: Buffer): string {
  let text = '';
  let code = '';
  for (const bit of [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')) {
    code += bit;
    const symbol = SYMBOLS.get(code);
    if (symbol === undefined) continue;
    if (symbol === EOS) throw new Error('EOS');
    text += String.fromCharCode(symbol);
    code = '';
  }
  if (!/^1{0,7}$/.test(code)) throw new Error('padding');
  return text;
}
