// Makes inputs of known ones: pieces inserted, cut out, doubled, changed, and taken from another input.
import type { FuzzTarget } from './target.ts';
import type { Random } from './random.ts';

const MOST_CHANGES = 6;
const LONGEST = 16_384;
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 9, 10, 13, 32, 58];

export function mutate(target: FuzzTarget, known: readonly Buffer[], random: Random): Buffer {
  let bytes = random.of(known);
  for (let left = 1 + random.below(MOST_CHANGES); left > 0; left--)
    bytes = change(target, known, bytes, random);
  return bytes.length > LONGEST ? bytes.subarray(0, LONGEST) : bytes;
}

function change(target: FuzzTarget, known: readonly Buffer[], bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const length = Math.min(bytes.length - at, 1 + random.below(random.below(4) === 0 ? 64 : 6));
  switch (random.below(8)) {
    case 0:
      return insert(bytes, at, Buffer.from(random.of(target.tokens), 'latin1'));
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 2:
      return insert(bytes, at, bytes.subarray(at, at + length));
    case 3: {
      const other = random.of(known);
      const from = random.below(other.length + 1);
      return insert(bytes, at, other.subarray(from, from + 1 + random.below(80)));
    }
    case 4:
      return bytes.subarray(0, at);
    case 5:
      return replace(bytes, at, random.of(EDGES));
    case 6:
      return replace(bytes, at, (bytes[at] ?? 0) ^ (1 << random.below(8)));
    default:
      return replace(bytes, at, random.below(256));
  }
}

function insert(bytes: Buffer, at: number, piece: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
}

function replace(bytes: Buffer, at: number, byte: number): Buffer {
  if (at >= bytes.length) return bytes;
  const changed = Buffer.from(bytes);
  changed[at] = byte;
  return changed;
}
