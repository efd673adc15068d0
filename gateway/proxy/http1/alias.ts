// Names that a backend may take for others: servers after CGI (RFC 3875 section 4.1.18) read X_Forwarded_For and X-Forwarded-For as one
// variable. What proxies vouch for, and framing, must not come in through that door (CVE-2026-39858). What clients say to Sluice
// by its own names means nothing either, and goes no further (CVE-2024-45806).
import { isWord, word } from './octets.ts';

const HYPHEN = 45;
const UNDERSCORE = 95;
const OURS = word('x-sluice-');

const VOUCHED = [
  'content-length',
  'transfer-encoding',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
].map(word);

/** By length of the name. */
const BY_LENGTH: readonly (readonly Uint8Array[])[] = Array.from({ length: 19 }, (_, length) =>
  VOUCHED.filter((name) => name.length === length),
);

/** Whether the name of `length` token bytes at `start` is one of these with an underscore, or one of ours. */
export function isAlias(bytes: Uint8Array, start: number, length: number): boolean {
  if (length > OURS.length && isWord(bytes, start, OURS)) return true;
  if (length >= BY_LENGTH.length) return false;
  const names = BY_LENGTH[length]!;
  for (let n = 0; n < names.length; n++) if (isSpeltWithUnderscore(bytes, start, names[n]!)) return true;
  return false;
}

function isSpeltWithUnderscore(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  let underscores = 0;
  for (let i = 0; i < name.length; i++) {
    const c = bytes[start + i]!;
    if (c === UNDERSCORE && name[i] === HYPHEN) underscores++;
    else if ((c | 0x20) !== name[i]) return false;
  }
  return underscores > 0;
}
