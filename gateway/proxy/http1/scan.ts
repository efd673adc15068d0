// One pass over the bytes of a head: checks every byte, finds the framing and marks hop-by-hop lines. Strict where being
// lenient lets two parsers disagree: CR LF only, no folding, no space before a colon, one Host, one length.
// The whole scan costs under a microsecond for an ordinary head; llhttp as WebAssembly was not faster.
import {
  DONE,
  FOLDED,
  LINE_END_INVALID,
  METHOD_INVALID,
  MORE,
  NAME_INVALID,
  NOT_HTTP,
  REQUEST_LINE_INVALID,
  STATUS_LINE_INVALID,
  TARGET_FRAGMENT,
  TARGET_INVALID,
  TOO_MANY_HEADERS,
  VALUE_INVALID,
  VERSION_UNSUPPORTED,
} from './fault.ts';
import { noteRequestLine, noteResponseLine } from './field.ts';
import { markListed } from './hop-by-hop.ts';
import { LINE_WIDTH, NAME_END, VALUE_END, VALUE_START, type Head } from './head.ts';
import { COLON, CR, FIELD, HTAB, LF, SP, TARGET, TARGET_PLAIN, TOKEN } from './octets.ts';

const SLASH = 47;
const DOT = 46;
const QUESTION = 63;
const HASH = 35;
/** Longest method; the longest registered one (UPDATEREDIRECTREF) has 17 bytes. */
const MAX_METHOD = 32;
/** 'HTTP/1.1' CR LF */
const VERSION_LENGTH = 10;

/** DONE, MORE, or a fault. The request line starts at `start`: empty lines before it are the caller's. */
export function scanRequest(head: Head, bytes: Uint8Array, start: number, end: number): number {
  head.reset(start);
  let i = start;
  while (i < end && TOKEN[bytes[i]!] === 1) i++;
  if (i - start > MAX_METHOD) return METHOD_INVALID;
  if (i >= end) return MORE;
  if (i === start || bytes[i] !== SP) return METHOD_INVALID;
  head.methodEnd = i++;
  head.targetStart = i;
  i = scanTarget(head, bytes, i, end);
  if (i >= end) return MORE;
  if (bytes[i] !== SP) return bytes[i] === CR || bytes[i] === LF ? REQUEST_LINE_INVALID : TARGET_INVALID;
  if (i === head.targetStart) return REQUEST_LINE_INVALID;
  head.targetEnd = i++;
  if (i + VERSION_LENGTH > end) return MORE;
  const fault = scanVersion(head, bytes, i);
  if (fault !== DONE) return fault === REQUEST_LINE_INVALID ? lineFault(bytes, i, end) : fault;
  if (bytes[i + 8] !== CR || bytes[i + 9] !== LF) return REQUEST_LINE_INVALID;
  head.linesStart = i + VERSION_LENGTH;
  return scanLines(head, bytes, head.linesStart, end, true);
}

/** DONE, MORE, or a fault. */
export function scanResponse(head: Head, bytes: Uint8Array, start: number, end: number): number {
  head.reset(start);
  // 'HTTP/1.1 200', then CR (no reason, tolerated) or SP
  if (start + 13 > end) return start < end && bytes[start] !== 72 ? STATUS_LINE_INVALID : MORE;
  const fault = scanVersion(head, bytes, start);
  if (fault !== DONE) return fault;
  let i = start + 8;
  const hundreds = bytes[i + 1]! - 48;
  const tens = bytes[i + 2]! - 48;
  const ones = bytes[i + 3]! - 48;
  if (bytes[i] !== SP || hundreds < 1 || hundreds > 5 || tens < 0 || tens > 9 || ones < 0 || ones > 9)
    return STATUS_LINE_INVALID;
  head.status = hundreds * 100 + tens * 10 + ones;
  i += 4;
  if (bytes[i] !== SP && bytes[i] !== CR) return STATUS_LINE_INVALID;
  while (i < end && FIELD[bytes[i]!] === 1) i++;
  if (i + 1 >= end) return i < end && bytes[i] !== CR ? LINE_END_INVALID : MORE;
  if (bytes[i] !== CR || bytes[i + 1] !== LF) return LINE_END_INVALID;
  head.linesStart = i + 2;
  return scanLines(head, bytes, head.linesStart, end, false);
}

/** Index of the first byte that is not part of the target, or `end`. */
function scanTarget(head: Head, bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  if (bytes[i] !== SLASH) head.targetOdd = true;
  for (; i < end; i++) {
    const c = bytes[i]!;
    const kind = TARGET[c];
    if (kind === TARGET_PLAIN) continue;
    if (kind === 0) break;
    if (c === HASH) head.targetFault = TARGET_FRAGMENT;
    if (head.queryMark >= 0) continue;
    if (c === QUESTION) head.queryMark = i;
    else if (c === SLASH) {
      const next = bytes[i + 1];
      if (next === SLASH || next === DOT) head.targetOdd = true;
    } else head.targetOdd = true;
  }
  return i;
}

/** DONE when 'HTTP/1.0' or 'HTTP/1.1' starts at `i`. */
function scanVersion(head: Head, bytes: Uint8Array, i: number): number {
  if (
    bytes[i] !== 72 ||
    bytes[i + 1] !== 84 ||
    bytes[i + 2] !== 84 ||
    bytes[i + 3] !== 80 ||
    bytes[i + 4] !== SLASH ||
    bytes[i + 6] !== DOT
  )
    return REQUEST_LINE_INVALID;
  const major = bytes[i + 5]! - 48;
  const minor = bytes[i + 7]! - 48;
  if (major < 0 || major > 9 || minor < 0 || minor > 9) return REQUEST_LINE_INVALID;
  if (major !== 1 || minor > 1) return VERSION_UNSUPPORTED;
  head.minor = minor;
  return DONE;
}

/** A line that does not even claim to be HTTP is another protocol's: an answer in HTTP would be noise to it. */
function lineFault(bytes: Uint8Array, i: number, end: number): number {
  for (; i < end && bytes[i] !== CR && bytes[i] !== LF; i++)
    if (isLetter(bytes[i]!, 72) && isLetter(bytes[i + 1]!, 84) && isLetter(bytes[i + 2]!, 84))
      return REQUEST_LINE_INVALID;
  return NOT_HTTP;
}

function isLetter(byte: number, upper: number): boolean {
  return (byte & ~0x20) === upper;
}

function scanLines(head: Head, bytes: Uint8Array, start: number, end: number, request: boolean): number {
  const lines = head.lines;
  let i = start;
  for (;;) {
    if (i >= end) return MORE;
    const lineStart = i;
    while (i < end && TOKEN[bytes[i]!] === 1) i++;
    if (i + 1 >= end)
      return i < end && bytes[i] !== COLON && bytes[i] !== CR ? nameFault(bytes[i]!, i === lineStart) : MORE;
    if (bytes[i] !== COLON || i === lineStart) {
      if (i !== lineStart || bytes[i] !== CR) return nameFault(bytes[i]!, i === lineStart);
      if (bytes[i + 1] !== LF) return LINE_END_INVALID;
      lines[head.count * LINE_WIDTH] = i;
      head.end = i + 2;
      return head.listed > 0 ? markListed(head, bytes) : DONE;
    }
    if (head.count === head.maxLines) return TOO_MANY_HEADERS;
    const nameEnd = i++;
    while (i < end && (bytes[i] === SP || bytes[i] === HTAB)) i++;
    const valueStart = i;
    while (i < end && FIELD[bytes[i]!] === 1) i++;
    if (i + 1 >= end) return i < end && bytes[i] !== CR ? valueFault(bytes[i]!) : MORE;
    if (bytes[i] !== CR || bytes[i + 1] !== LF) return valueFault(bytes[i]!);
    let valueEnd = i;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd--;
    i += 2;
    const line = head.count++;
    const at = line * LINE_WIDTH;
    lines[at] = lineStart;
    lines[at + NAME_END] = nameEnd;
    lines[at + VALUE_START] = valueStart;
    lines[at + VALUE_END] = valueEnd;
    head.dropped[line] = 0;
    const fault = request
      ? noteRequestLine(head, bytes, line, lineStart, nameEnd, valueStart, valueEnd)
      : noteResponseLine(head, bytes, line, lineStart, nameEnd, valueStart, valueEnd);
    if (fault !== DONE) return fault;
  }
}

function nameFault(byte: number, first: boolean): number {
  if (byte === LF) return LINE_END_INVALID;
  return first && (byte === SP || byte === HTAB) ? FOLDED : NAME_INVALID;
}

/** CR and LF alone end no line: a value that holds them is refused, not split. */
function valueFault(byte: number): number {
  return byte === CR || byte === LF ? LINE_END_INVALID : VALUE_INVALID;
}
