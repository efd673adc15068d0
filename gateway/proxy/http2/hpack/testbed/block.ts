// Header blocks for tests, written by hand: any representation, sensible or not.

export interface Literal {
  readonly indexing?: 'with' | 'without' | 'never';
  /** Index of the name in place of its text. */
  readonly index?: number;
}

const FIRST = { with: [0x40, 6], without: [0, 4], never: [0x10, 4] } as const;

export function indexed(index: number): Buffer {
  return integer(0x80, 7, index);
}

export function resize(size: number): Buffer {
  return integer(0x20, 5, size);
}

/** A literal with indexing unless said otherwise; text is latin1. */
export function literal(name: string, value: string, { indexing = 'with', index }: Literal = {}): Buffer {
  const [flags, bits] = FIRST[indexing];
  const parts = [integer(flags, bits, index ?? 0)];
  if (index === undefined) parts.push(string(name));
  return Buffer.concat([...parts, string(value)]);
}

/** Fields as literals that no table keeps. */
export function plain(fields: Iterable<readonly [name: string, value: string]>): Buffer {
  return Buffer.concat([...fields].map(([name, value]) => literal(name, value, { indexing: 'without' })));
}

export function string(text: string): Buffer {
  return Buffer.concat([integer(0, 7, text.length), Buffer.from(text, 'latin1')]);
}

export function integer(flags: number, bits: number, value: number): Buffer {
  const most = 2 ** bits - 1;
  if (value < most) return Buffer.from([flags | value]);
  const bytes = [flags | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
