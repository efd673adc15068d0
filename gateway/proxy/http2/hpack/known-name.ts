// Field names that mean something to the codec, found by their bytes: what kind of field they make when they come in,
// and how they are put into a block when they go out. All other names are ordinary.
import { FORBIDDEN_TRAILERS } from '../../http1/chunk.ts';
import { isWord, word } from '../../http1/octets.ts';
import { CONNECTION, COOKIE, HOST, NO_TRAILER, PLAIN, TE } from './kind.ts';
import { STATIC_FIELDS } from './static-table.ts';

/** Sent in full each time, and never put into a table by anyone further on either (RFC 7541 section 7.1.3). */
export const NEVER = 2;
/** Hardly ever the same twice: not worth a place in the table. */
export const UNIQUE = 1;
const INDEXED = 0;

const CONNECTION_SPECIFIC = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'];
const SECRET = [
  'authentication-info',
  'authorization',
  'cookie',
  'proxy-authorization',
  'set-cookie',
  'x-api-key',
  'x-auth-token',
  'x-csrf-token',
  'x-xsrf-token',
];
const CHANGING = [
  'b3',
  'content-range',
  'sec-websocket-accept',
  'sec-websocket-key',
  'traceparent',
  'x-b3-parentspanid',
  'x-b3-spanid',
  'x-b3-traceid',
  'x-request-id',
];

const NAMES: readonly string[] = [
  ...new Set([
    ...STATIC_FIELDS.map(([name]) => name).filter((name) => !name.startsWith(':')),
    ...FORBIDDEN_TRAILERS,
    ...CONNECTION_SPECIFIC,
    ...SECRET,
    ...CHANGING,
  ]),
];
const WORDS: readonly Uint8Array[] = NAMES.map(word);

/** By number of a name: the kind of its fields, how they are sent (NEVER, UNIQUE or INDEXED), its index in the static table or 0. */
export const NAME_KINDS: Uint8Array = Uint8Array.from(NAMES, kindOfName);
export const NAME_INDEXING: Uint8Array = Uint8Array.from(NAMES, indexingOf);
export const NAME_STATIC: Uint8Array = Uint8Array.from(
  NAMES,
  (name) => STATIC_FIELDS.findIndex(([other]) => other === name) + 1,
);

const SLOTS = 512;
const EMPTY = -1;
const slots: Int16Array = new Int16Array(SLOTS).fill(EMPTY);
WORDS.forEach((bytes, number) => {
  let slot = hashOf(bytes, 0, bytes.length);
  while (slots[slot] !== EMPTY) slot = (slot + 1) & (SLOTS - 1);
  slots[slot] = number;
});

/** Number of the name, whatever its case, or -1. Its bytes must be known to be token bytes. */
export function findName(bytes: Uint8Array, start: number, end: number): number {
  if (end === start) return EMPTY;
  let slot = hashOf(bytes, start, end);
  for (;;) {
    const number = slots[slot]!;
    if (number === EMPTY) return EMPTY;
    const name = WORDS[number]!;
    if (name.length === end - start && isWord(bytes, start, name)) return number;
    slot = (slot + 1) & (SLOTS - 1);
  }
}

/** Length, first, middle and last byte tell nearly all of the names apart. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start]! & 31;
  const middle = bytes[(start + end) >>> 1]! & 31;
  const last = bytes[end - 1]! & 31;
  return ((end - start) * 37 + first * 17 + middle * 5 + last * 129) & (SLOTS - 1);
}

/** TE is of its kind only with the right value. */
function kindOfName(name: string): number {
  if (CONNECTION_SPECIFIC.includes(name)) return CONNECTION;
  if (name === 'te') return TE;
  if (name === 'cookie') return COOKIE;
  if (name === 'host') return HOST;
  return FORBIDDEN_TRAILERS.has(name) ? NO_TRAILER : PLAIN;
}

function indexingOf(name: string): number {
  if (SECRET.includes(name)) return NEVER;
  return CHANGING.includes(name) ? UNIQUE : INDEXED;
}
