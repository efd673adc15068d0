// The Connection header: what it says about this connection, and which other fields end here (RFC 9110 section 7.6.1).
// A sender may list any field, so the list must never remove what framing, routing or the backend's security stand on:
// those names are left in place however they are listed.
import { CONNECTION_INVALID, DONE } from './fault.ts';
import { CLOSE, HOP_BY_HOP, KEEP_ALIVE, MAX_LISTED, UPGRADE, type Head } from './head.ts';
import { COMMA, HTAB, isWord, SP, TOKEN, word } from './octets.ts';

const CLOSE_WORD = word('close');
const UPGRADE_WORD = word('upgrade');
const KEEP_ALIVE_WORD = word('keep-alive');

const PROTECTED: ReadonlySet<string> = new Set([
  'authorization',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'expect',
  'forwarded',
  'host',
  'location',
  'origin',
  'set-cookie',
  'trailer',
  'transfer-encoding',
  'vary',
  'via',
  'www-authenticate',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
]);

/** Notes the options of one Connection header. DONE or a fault. */
export function readConnection(head: Head, bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end) {
    const c = bytes[i]!;
    if (c === COMMA || c === SP || c === HTAB) {
      i++;
      continue;
    }
    const from = i;
    while (i < end && TOKEN[bytes[i]!] === 1) i++;
    const length = i - from;
    if (length === CLOSE_WORD.length && isWord(bytes, from, CLOSE_WORD)) head.options |= CLOSE;
    else if (length === KEEP_ALIVE_WORD.length && isWord(bytes, from, KEEP_ALIVE_WORD))
      head.options |= KEEP_ALIVE;
    else if (length === UPGRADE_WORD.length && isWord(bytes, from, UPGRADE_WORD)) head.options |= UPGRADE;
    else if (length === 0 || head.listed === MAX_LISTED) return CONNECTION_INVALID;
    else {
      head.listedNames[head.listed * 2] = from;
      head.listedNames[head.listed * 2 + 1] = i;
      head.listed++;
    }
    while (i < end && (bytes[i] === SP || bytes[i] === HTAB)) i++;
    if (i < end && bytes[i] !== COMMA) return CONNECTION_INVALID;
  }
  return DONE;
}

/** Drops the lines whose names Connection lists. Always DONE. */
export function markListed(head: Head, bytes: Uint8Array): number {
  for (let n = 0; n < head.listed; n++) {
    const name = lowerCase(bytes, head.listedNames[n * 2]!, head.listedNames[n * 2 + 1]!);
    if (PROTECTED.has(name)) continue;
    for (let line = 0; line < head.count; line++) {
      const start = head.lineStart(line);
      if (head.nameEnd(line) - start === name.length && lowerCase(bytes, start, start + name.length) === name)
        head.drop(line, HOP_BY_HOP);
    }
  }
  return DONE;
}

function lowerCase(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end)).toLowerCase();
}
