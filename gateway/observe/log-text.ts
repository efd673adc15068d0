// Text and time as they stand in a log line: always valid JSON, always ASCII, so that nothing a client sends can break a
// line, a terminal or a parser.
import { isUtf8 } from 'node:buffer';

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const TILDE = 0x7e;
const NOT_ASCII = /[^\x20-\x7e]/g;
const BEYOND_BYTE = /[^\0-\xff]/;
/** As far as no escape is cut in the middle. */
const WHOLE_CHARACTERS = /^(?:[^\\]|\\u[0-9a-f]{4}|\\[^u])*/;

const MILLISECONDS: readonly string[] = Array.from(
  { length: 1000 },
  (_, ms) => `${String(ms).padStart(3, '0')}Z`,
);

let second = Number.NaN;
let secondText = '';

/** ISO 8601 in UTC with milliseconds. The part down to the second is kept until the second changes. */
export function isoTime(epochMs: number): string {
  const ms = Math.floor(epochMs);
  const now = Math.floor(ms / 1000);
  if (now !== second) {
    second = now;
    secondText = new Date(now * 1000).toISOString().slice(0, 20);
  }
  return secondText + MILLISECONDS[ms - now * 1000]!;
}

/**
 * `text` as the inside of a JSON string of at most `max` characters, longer ones are cut. Text with one character per
 * byte (latin1) that is valid UTF-8 is read as UTF-8; what is not stays latin1. Everything beyond ASCII is escaped.
 */
export function jsonText(text: string, max: number): string {
  const cut = text.length > max ? text.slice(0, max) : text;
  return isPlain(cut) ? cut : escapeText(cut, max);
}

/** Printable ASCII without quote and backslash. A loop: on texts this short a regular expression costs three times more. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < SPACE || unit > TILDE || unit === QUOTE || unit === BACKSLASH) return false;
  }
  return true;
}

function escapeText(text: string, max: number): string {
  const escaped = escapeAll(text);
  return escaped.length <= max ? escaped : WHOLE_CHARACTERS.exec(escaped.slice(0, max))![0];
}

function escapeAll(text: string): string {
  let decoded = text;
  if (!BEYOND_BYTE.test(text)) {
    const bytes = Buffer.from(text, 'latin1');
    if (isUtf8(bytes)) decoded = bytes.toString('utf8');
  }
  return JSON.stringify(decoded).slice(1, -1).replace(NOT_ASCII, escapeUnit);
}

/** Without the `u` flag the pattern above sees UTF-16 units, so a pair becomes two escapes, as JSON wants. */
function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
