// What each byte may be, as tables: one load per byte of a head. RFC 9110 section 5.6.2 (token), 5.5 (field values),
// RFC 3986 section 3.3 (path). Bytes of 0x80 and above are allowed in field values (obs-text) and nowhere else.

export const CR = 13;
export const LF = 10;
export const SP = 32;
export const HTAB = 9;
export const COLON = 58;
export const COMMA = 44;
export const SEMICOLON = 59;

const TOKEN_PUNCTUATION = "!#$%&'*+-.^_`|~";

/** 1 for bytes of a token: methods and header names. */
export const TOKEN: Uint8Array = table((c) => isAlphanumeric(c) || TOKEN_PUNCTUATION.includes(char(c)));

/** 1 for bytes of a field value: no control characters but HTAB, so neither CR, LF nor NUL. */
export const FIELD: Uint8Array = table((c) => c === HTAB || (c >= SP && c !== 127));

/** How the scan of a request target treats a byte. */
export const TARGET_PLAIN = 1;
const TARGET_SPECIAL = 2;

/** 0 for bytes that no target may hold, TARGET_SPECIAL for `% / ? # \`, TARGET_PLAIN for the rest of visible ASCII. */
export const TARGET: Uint8Array = Uint8Array.from({ length: 256 }, (_, c) => {
  if (c <= SP || c >= 127) return 0;
  return '%/?#\\'.includes(char(c)) ? TARGET_SPECIAL : TARGET_PLAIN;
});

/** Value of a hexadecimal digit, -1 for anything else. */
export const HEX: Int8Array = Int8Array.from({ length: 256 }, (_, c) =>
  /^[0-9a-fA-F]$/.test(char(c)) ? Number.parseInt(char(c), 16) : -1,
);

/**
 * Is `text` (lower case letters, digits and '-') at `start`, whatever the case? The bytes must already be known to be
 * token bytes or to match `text.length`: `| 0x20` alone would take CR for '-'.
 */
export function isWord(bytes: Uint8Array, start: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if ((bytes[start + i]! | 0x20) !== text[i]) return false;
  return true;
}

/** Bytes of an ASCII word, for `isWord`. */
export function word(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

function table(holds: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, c) => (holds(c) ? 1 : 0));
}

function isAlphanumeric(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122);
}

function char(c: number): string {
  return String.fromCharCode(c);
}
