// Bytes as the case files write them: text with one character for each byte (latin1), hexadecimal, and repetitions of either.

export type ByteText = string | BytePart | readonly (string | BytePart)[];

/** `{n}` in a repeated text is the number of the repetition, from 0. */
type BytePart =
  | { readonly text: string; readonly times?: number }
  | { readonly hex: string; readonly times?: number };

/** What stands in the cases for the name of one run of one case: as long as the name, so that lengths hold. */
export const TOKEN_PLACE = 'TOKTOKTOKTOK';

export function toBytes(source: ByteText, token: string = TOKEN_PLACE): Buffer {
  const parts = Array.isArray(source)
    ? (source as readonly (string | BytePart)[])
    : [source as string | BytePart];
  return Buffer.concat(parts.map((part) => partToBytes(part, token)));
}

function partToBytes(part: string | BytePart, token: string): Buffer {
  if (typeof part === 'string') return Buffer.from(part.replaceAll(TOKEN_PLACE, token), 'latin1');
  const times = part.times ?? 1;
  if ('hex' in part) return Buffer.from(part.hex.repeat(times), 'hex');
  const text = part.text.replaceAll(TOKEN_PLACE, token);
  const all = Array.from({ length: times }, (_, n) => text.replaceAll('{n}', String(n)));
  return Buffer.from(all.join(''), 'latin1');
}
