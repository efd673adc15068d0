// What the known header fields mean for framing and routing. Called once per line with the bytes of its name and its
// trimmed value already checked; unknown fields pass by length alone.
import { isAlias } from './alias.ts';
import { CODING_INVALID, DONE, HOST_DOUBLED, LENGTH_INVALID } from './fault.ts';
import {
  EXPECT_CONTINUE,
  EXPECT_OTHER,
  HOP_BY_HOP,
  KEEP_ALIVE as KEEP_ALIVE_OPTION,
  REPLACED,
  type Head,
} from './head.ts';
import { readConnection } from './hop-by-hop.ts';
import { isWord, word } from './octets.ts';

const TE = word('te');
const HOST = word('host');
const EXPECT = word('expect');
const UPGRADE = word('upgrade');
const CONNECTION = word('connection');
const KEEP_ALIVE = word('keep-alive');
const REQUEST_ID = word('x-request-id');
const CONTENT_LENGTH = word('content-length');
const FORWARDED_FOR = word('x-forwarded-for');
const PROXY_CONNECTION = word('proxy-connection');
const FORWARDED_PROTO = word('x-forwarded-proto');
const TRANSFER_ENCODING = word('transfer-encoding');
const PROXY_AUTHENTICATE = word('proxy-authenticate');
const PROXY_AUTHORIZATION = word('proxy-authorization');
const CONTINUE = word('100-continue');
const WEBSOCKET = word('websocket');
const CHUNKED = word('chunked');
/** 10^15 - 1 is far below 2^53: lengths stay exact. */
const MAX_LENGTH_DIGITS = 15;

/** DONE or a fault. */
export function noteRequestLine(
  head: Head,
  bytes: Uint8Array,
  line: number,
  start: number,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
): number {
  if (isAlias(bytes, start, nameEnd - start)) {
    head.drop(line, HOP_BY_HOP);
    return DONE;
  }
  switch (nameEnd - start) {
    case 2:
      // TE speaks of this connection only. Trailers pass through unasked (RFC 9110 section 6.5.1 allows to drop them).
      if (isWord(bytes, start, TE)) head.drop(line, HOP_BY_HOP);
      break;
    case 4:
      if (isWord(bytes, start, HOST)) {
        if (head.host >= 0) return HOST_DOUBLED;
        head.host = line;
      }
      break;
    case 6:
      if (isWord(bytes, start, EXPECT)) {
        const known = valueEnd - valueStart === CONTINUE.length && isWord(bytes, valueStart, CONTINUE);
        head.expect = known && head.expect !== EXPECT_OTHER ? EXPECT_CONTINUE : EXPECT_OTHER;
      }
      break;
    case 7:
      if (isWord(bytes, start, UPGRADE)) noteUpgrade(head, bytes, line, valueStart, valueEnd);
      break;
    case 12:
      if (isWord(bytes, start, REQUEST_ID) && valueEnd > valueStart) head.requestId = line;
      break;
    case 15:
      if (isWord(bytes, start, FORWARDED_FOR)) head.forwardedFor = line;
      break;
    case 17:
      if (isWord(bytes, start, FORWARDED_PROTO)) {
        // Only one is ever passed on: backends would differ on which of two to believe.
        if (head.forwardedProto >= 0) head.drop(head.forwardedProto, REPLACED);
        head.forwardedProto = line;
      } else return noteFraming(head, bytes, line, start, nameEnd, valueStart, valueEnd);
      break;
    default:
      return noteFraming(head, bytes, line, start, nameEnd, valueStart, valueEnd);
  }
  return DONE;
}

/** DONE or a fault. */
export function noteResponseLine(
  head: Head,
  bytes: Uint8Array,
  line: number,
  start: number,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
): number {
  const length = nameEnd - start;
  if (length === UPGRADE.length && isWord(bytes, start, UPGRADE))
    noteUpgrade(head, bytes, line, valueStart, valueEnd);
  else if (
    length === CONNECTION.length &&
    valueEnd - valueStart === KEEP_ALIVE.length &&
    head.keepAliveLine < 0 &&
    isWord(bytes, start, CONNECTION) &&
    isWord(bytes, valueStart, KEEP_ALIVE)
  ) {
    // What most backends say with every answer, and what the client may be told as well: the head passes as it is.
    head.options |= KEEP_ALIVE_OPTION;
    head.keepAliveLine = line;
    return DONE;
  }
  return noteFraming(head, bytes, line, start, nameEnd, valueStart, valueEnd);
}

/** Fields with the same meaning in both directions. */
function noteFraming(
  head: Head,
  bytes: Uint8Array,
  line: number,
  start: number,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
): number {
  switch (nameEnd - start) {
    case 10:
      if (isWord(bytes, start, CONNECTION)) {
        head.drop(line, HOP_BY_HOP);
        return readConnection(head, bytes, valueStart, valueEnd);
      }
      if (isWord(bytes, start, KEEP_ALIVE)) head.drop(line, HOP_BY_HOP);
      break;
    case 14:
      if (isWord(bytes, start, CONTENT_LENGTH)) return noteLength(head, bytes, line, valueStart, valueEnd);
      break;
    case 16:
      if (isWord(bytes, start, PROXY_CONNECTION)) head.drop(line, HOP_BY_HOP);
      break;
    case 17:
      if (isWord(bytes, start, TRANSFER_ENCODING)) {
        // One header, one coding: any list, repetition or other coding has been read differently by some parser.
        if (head.chunked || valueEnd - valueStart !== CHUNKED.length || !isWord(bytes, valueStart, CHUNKED))
          return CODING_INVALID;
        head.chunked = true;
        head.codingLine = line;
      }
      break;
    case 18:
      if (isWord(bytes, start, PROXY_AUTHENTICATE)) head.drop(line, HOP_BY_HOP);
      break;
    case 19:
      if (isWord(bytes, start, PROXY_AUTHORIZATION)) head.drop(line, HOP_BY_HOP);
      break;
    default:
  }
  return DONE;
}

/** Never passed on as it is: what is agreed to is written anew. */
function noteUpgrade(head: Head, bytes: Uint8Array, line: number, start: number, end: number): void {
  head.drop(line, HOP_BY_HOP);
  if (end - start === WEBSOCKET.length && isWord(bytes, start, WEBSOCKET)) head.websocket = true;
}

/** Even equal repetitions and lists ("5, 5") are refused: RFC 9110 section 8.6 allows it. */
function noteLength(head: Head, bytes: Uint8Array, line: number, start: number, end: number): number {
  if (head.contentLength >= 0 || end === start || end - start > MAX_LENGTH_DIGITS) return LENGTH_INVALID;
  let length = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return LENGTH_INVALID;
    length = length * 10 + digit;
  }
  head.contentLength = length;
  head.lengthLine = line;
  return DONE;
}
