// What a field of a header block is, decided once per field: when it enters the dynamic table, or at once when it does not.
// A hit in the table then costs nothing but reading the kind. Fields that break a rule have their fault as their kind.
import { FIELD, HTAB, isWord, SP, TARGET, TOKEN, word } from '../../http1/octets.ts';
import {
  AUTHORITY_INVALID,
  CONNECTION_SPECIFIC,
  METHOD_INVALID,
  NAME_INVALID,
  PATH_INVALID,
  PROTOCOL_INVALID,
  PSEUDO_UNKNOWN,
  SCHEME_INVALID,
  STATUS_INVALID,
  TE_INVALID,
  VALUE_INVALID,
} from './head-fault.ts';
import {
  AUTHORITY,
  CONNECTION,
  METHOD,
  NO_TRAILER,
  PATH,
  PLAIN,
  PROTOCOL,
  SCHEME,
  STATUS,
  TE,
} from './kind.ts';
import { findName, NAME_KINDS } from './known-name.ts';

const COLON = 58;
const SLASH = 47;
const ASTERISK = 42;
const AT = 64;
const TRAILERS = word('trailers');
const FORWARDED = word('x-forwarded-');
const PSEUDO: readonly (readonly [name: Uint8Array, kind: number])[] = [
  [word(':path'), PATH],
  [word(':method'), METHOD],
  [word(':scheme'), SCHEME],
  [word(':status'), STATUS],
  [word(':protocol'), PROTOCOL],
  [word(':authority'), AUTHORITY],
];

/** 1 for bytes of a field name in HTTP/2: a token without upper-case letters (RFC 9113 section 8.2.1). */
const NAME: Uint8Array = TOKEN.map((is, c) => (c >= 65 && c <= 90 ? 0 : is));
/** 1 for bytes of a URI scheme (RFC 3986 section 3.1). */
const SCHEME_BYTE: Uint8Array = TOKEN.map((is, c) =>
  /[A-Za-z0-9+.-]/.test(String.fromCharCode(c)) ? is : 0,
);

/** The kind of a field, or a fault of kind MALFORMED. */
export function kindOf(
  bytes: Uint8Array,
  start: number,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
): number {
  if (nameEnd === start) return NAME_INVALID;
  if (bytes[start] === COLON) return kindOfPseudo(bytes, start, nameEnd, valueStart, valueEnd);
  for (let i = start; i < nameEnd; i++) if (NAME[bytes[i]!] === 0) return NAME_INVALID;
  for (let i = valueStart; i < valueEnd; i++) if (FIELD[bytes[i]!] === 0) return VALUE_INVALID;
  if (valueEnd > valueStart && (isBlank(bytes[valueStart]!) || isBlank(bytes[valueEnd - 1]!)))
    return VALUE_INVALID;
  const known = findName(bytes, start, nameEnd);
  if (known >= 0) {
    const kind = NAME_KINDS[known]!;
    if (kind === CONNECTION) return CONNECTION_SPECIFIC;
    if (kind === TE && !isAll(bytes, valueStart, valueEnd, TRAILERS)) return TE_INVALID;
    return kind;
  }
  return nameEnd - start > FORWARDED.length && isWord(bytes, start, FORWARDED) ? NO_TRAILER : PLAIN;
}

function kindOfPseudo(
  bytes: Uint8Array,
  start: number,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
): number {
  for (const [name, kind] of PSEUDO)
    if (isAll(bytes, start, nameEnd, name)) return checkPseudo(kind, bytes, valueStart, valueEnd);
  return PSEUDO_UNKNOWN;
}

/** `kind`, or a fault. */
function checkPseudo(kind: number, bytes: Uint8Array, start: number, end: number): number {
  switch (kind) {
    case METHOD:
      return end > start && isMadeOf(TOKEN, bytes, start, end) ? kind : METHOD_INVALID;
    case SCHEME:
      return end > start && bytes[start]! >= 65 && isMadeOf(SCHEME_BYTE, bytes, start, end)
        ? kind
        : SCHEME_INVALID;
    case PROTOCOL:
      return end > start && isMadeOf(TOKEN, bytes, start, end) ? kind : PROTOCOL_INVALID;
    case STATUS:
      return isStatus(bytes, start, end) ? kind : STATUS_INVALID;
    case PATH:
      if (bytes[start] !== SLASH && !(end - start === 1 && bytes[start] === ASTERISK)) return PATH_INVALID;
      for (let i = start; i < end; i++) if (TARGET[bytes[i]!] === 0) return PATH_INVALID;
      return kind;
    default:
      // What more a host must be is checked where that of HTTP/1.1 is.
      for (let i = start; i < end; i++)
        if (TARGET[bytes[i]!] === 0 || bytes[i] === AT) return AUTHORITY_INVALID;
      return kind;
  }
}

/** 101 does not exist in HTTP/2 (RFC 9113 section 8.6). */
function isStatus(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 3) return false;
  const hundreds = bytes[start]! - 48;
  const tens = bytes[start + 1]! - 48;
  const ones = bytes[start + 2]! - 48;
  if (hundreds < 1 || hundreds > 5 || tens < 0 || tens > 9 || ones < 0 || ones > 9) return false;
  return hundreds !== 1 || tens !== 0 || ones !== 1;
}

function isMadeOf(table: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (table[bytes[i]!] === 0) return false;
  return true;
}

/** Byte for byte: lower case only. */
function isAll(bytes: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false;
  return true;
}

function isBlank(byte: number): boolean {
  return byte === SP || byte === HTAB;
}
