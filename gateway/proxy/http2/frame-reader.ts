// Bytes of a connection -> frames, checked for all that a frame alone can get wrong (RFC 9113 sections 4 and 6): sizes, streams,
// padding, the order of CONTINUATION. What depends on the state of a stream is the session's to judge.
//
//   DATA passes by in pieces as it comes, never held. Of every other frame the part that has come is kept until it is whole.
import type { Bytes } from '../channel.ts';
import { ENHANCE_YOUR_CALM, FRAME_SIZE_ERROR, NO_ERROR, PROTOCOL_ERROR } from './error-code.ts';
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  FRAME_HEADER,
  FRAME_SIZE,
  GOAWAY,
  HEADERS,
  PADDED,
  PING,
  PREFACE,
  PRIORITY,
  PUSH_PROMISE,
  readNumber,
  readNumber31,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
  WITH_PRIORITY,
} from './frame.ts';

const SETTING = 6;
const PRIORITY_SIZE = 5;
const PING_SIZE = 8;
const NUMBER = 4;
const GOAWAY_SIZE = 8;
/** A header, and the length of the padding. */
const SMALLEST_HELD = 16;
const KEPT_HELD = 256;
const NOTHING: Buffer = Buffer.alloc(0);

/** Who takes the frames. Every answer but NO_ERROR is an error of the connection: nothing more is read. */
export interface FrameHandler {
  /**
   * A piece of a DATA frame. `counted` bytes are charged to the flow-control windows: data, and the padding with its first piece.
   * A frame without data gives one empty piece.
   */
  onDataFrame(
    stream: number,
    bytes: Bytes,
    start: number,
    end: number,
    counted: number,
    last: boolean,
  ): number;
  /**
   * A whole block of HEADERS and its CONTINUATIONs, valid until the call returns. With a `fault` the stream is to be reset by
   * it; the block still has to go through the decoder.
   */
  onHeadersFrame(
    stream: number,
    block: Buffer,
    start: number,
    end: number,
    last: boolean,
    fault: number,
  ): number;
  onPriorityFrame(stream: number, fault: number): number;
  onResetFrame(stream: number, code: number): number;
  /** Whole settings of six octets each. */
  onSettingsFrame(payload: Buffer, start: number, end: number): number;
  onSettingsAck(): number;
  onPingFrame(payload: Buffer, start: number): number;
  onPingAck(): number;
  onGoawayFrame(last: number, code: number): number;
  /** `increment` is 1 to 2^31-1, or 0 with a stream other than 0: an error of that stream. */
  onWindowUpdateFrame(stream: number, increment: number): number;
  /** Of a type that is not known, and to be ignored. */
  onUnknownFrame(): number;
}

export interface ReaderLimits {
  /** Most bytes of a header block, as it is compressed. */
  readonly maxBlock: number;
  /** Most CONTINUATION frames of one block. */
  readonly maxContinuations: number;
}

export class FrameReader {
  /** What was wrong, for GOAWAY and the log. */
  detail = '';
  readonly #handler: FrameHandler;
  readonly #limits: ReaderLimits;
  /** Octets of the preface that are still to come. */
  #preface: number;
  #first = true;
  /** Beginning of a frame. */
  #held: Buffer = NOTHING;
  #heldLength = 0;
  /** The DATA frame under way. */
  #stream = 0;
  #last = false;
  #left = 0;
  #padding = 0;
  /** Octets of padding and of its length that are not yet counted. */
  #uncounted = 0;
  /** The header block under way; stream 0: none. */
  #blockStream = 0;
  #blockLast = false;
  #blockFault: number = NO_ERROR;
  #block: Buffer = NOTHING;
  #blockLength = 0;
  #continuations = 0;

  /** `expectPreface`: the peer is a client. */
  constructor(handler: FrameHandler, expectPreface: boolean, limits: ReaderLimits) {
    this.#handler = handler;
    this.#limits = limits;
    this.#preface = expectPreface ? PREFACE.length : 0;
  }

  /** A header block has begun and is not complete. */
  get midBlock(): boolean {
    return this.#blockStream !== 0;
  }

  /** Takes all of it. NO_ERROR, or the error that ends the connection. */
  read(bytes: Bytes, start: number, end: number): number {
    const { buffer } = bytes;
    while (start < end) {
      if (this.#left > 0 || this.#padding > 0) {
        const ends = Math.min(end, start + (this.#left > 0 ? this.#left : this.#padding));
        if (this.#left > 0) {
          const error = this.#passData(bytes, start, ends);
          if (error !== NO_ERROR) return error;
        } else this.#padding -= ends - start;
        start = ends;
      } else if (this.#preface > 0) {
        if (buffer[start++] !== PREFACE[PREFACE.length - this.#preface--])
          return this.#fail(PROTOCOL_ERROR, 'the connection does not begin with the preface of HTTP/2');
      } else if (this.#heldLength > 0) {
        // Byte by byte or all at once: as much as makes the frame whole.
        const missing = this.#missing(this.#held, 0, this.#heldLength);
        if (missing < 0) return -missing;
        const ends = Math.min(end, start + missing);
        this.#hold(buffer, start, ends, missing);
        start = ends;
        const still = this.#missing(this.#held, 0, this.#heldLength);
        if (still < 0) return -still;
        if (still > 0) continue;
        const error = this.#takeHeld(bytes);
        if (error !== NO_ERROR) return error;
      } else {
        const missing = this.#missing(buffer, start, end);
        if (missing < 0) return -missing;
        if (missing > 0) {
          this.#hold(buffer, start, end, missing);
          return NO_ERROR;
        }
        const ends = start + this.#wanted(buffer, start);
        const error = this.#frame(bytes, buffer, start, ends);
        if (error !== NO_ERROR) return error;
        start = ends;
      }
    }
    return NO_ERROR;
  }

  /** Octets from the frame's first one that have to be together: DATA only needs its beginning. */
  #wanted(buffer: Buffer, at: number): number {
    if (buffer[at + 3] === DATA) return FRAME_HEADER + ((buffer[at + 4]! & PADDED) === 0 ? 0 : 1);
    return FRAME_HEADER + lengthAt(buffer, at);
  }

  /** How many octets are missing of those, or an error of the frame's header, negative. */
  #missing(buffer: Buffer, start: number, end: number): number {
    const there = end - start;
    if (there < FRAME_HEADER) return FRAME_HEADER - there;
    const error = this.#checkHeader(buffer, start);
    if (error !== NO_ERROR) return -error;
    return Math.max(0, this.#wanted(buffer, start) - there);
  }

  #hold(buffer: Buffer, start: number, end: number, missing: number): void {
    const length = this.#heldLength + end - start;
    if (this.#held.length < length) {
      const larger = Buffer.allocUnsafe(Math.max(SMALLEST_HELD, length, this.#heldLength + missing));
      this.#held.copy(larger, 0, 0, this.#heldLength);
      this.#held = larger;
    }
    buffer.copy(this.#held, this.#heldLength, start, end);
    this.#heldLength = length;
  }

  #takeHeld(bytes: Bytes): number {
    const held = this.#held;
    if (held.length > KEPT_HELD) this.#held = NOTHING;
    const length = this.#heldLength;
    this.#heldLength = 0;
    return this.#frame(bytes, held, 0, length);
  }

  #passData(bytes: Bytes, start: number, end: number): number {
    this.#left -= end - start;
    const counted = end - start + this.#uncounted;
    this.#uncounted = 0;
    const last = this.#last && this.#left === 0;
    return this.#handler.onDataFrame(this.#stream, bytes, start, end, counted, last);
  }

  /** What can be said before the payload is here, so that none is kept for a frame that is wrong anyway. */
  #checkHeader(buffer: Buffer, at: number): number {
    const length = lengthAt(buffer, at);
    const type = buffer[at + 3]!;
    const stream = readNumber31(buffer, at + 5);
    if (length > FRAME_SIZE) return this.#fail(FRAME_SIZE_ERROR, 'a frame is larger than 16384 octets');
    if (this.#first) {
      if (type !== SETTINGS || (buffer[at + 4]! & ACK) !== 0)
        return this.#fail(PROTOCOL_ERROR, 'the first frame is not SETTINGS');
      this.#first = false;
    }
    if (this.#blockStream !== 0 && (type !== CONTINUATION || stream !== this.#blockStream))
      return this.#fail(PROTOCOL_ERROR, 'a header block is interrupted by another frame');
    switch (type) {
      case DATA:
      case HEADERS:
      case PRIORITY:
      case RST_STREAM:
        if (stream === 0) return this.#fail(PROTOCOL_ERROR, 'a frame of a stream names stream 0');
        break;
      case CONTINUATION:
        if (this.#blockStream === 0)
          return this.#fail(PROTOCOL_ERROR, 'CONTINUATION continues no header block');
        break;
      case SETTINGS:
      case PING:
      case GOAWAY:
        if (stream !== 0) return this.#fail(PROTOCOL_ERROR, 'a frame of the connection names a stream');
        break;
      case PUSH_PROMISE:
        return this.#fail(
          PROTOCOL_ERROR,
          'PUSH_PROMISE, which a client must not send and we did not allow a server',
        );
      default:
    }
    return this.#checkSize(type, buffer[at + 4]!, length);
  }

  #checkSize(type: number, flags: number, length: number): number {
    const right =
      type === RST_STREAM || type === WINDOW_UPDATE
        ? length === NUMBER
        : type === PING
          ? length === PING_SIZE
          : type === SETTINGS
            ? length % SETTING === 0 && (length === 0 || (flags & ACK) === 0)
            : type === GOAWAY
              ? length >= GOAWAY_SIZE
              : (type !== DATA && type !== HEADERS) || (flags & PADDED) === 0 || length > 0;
    return right ? NO_ERROR : this.#fail(FRAME_SIZE_ERROR, 'the length of a frame does not fit its type');
  }

  /** A frame from `at` to `end` whose header is checked; of DATA only the beginning. */
  #frame(bytes: Bytes, buffer: Buffer, at: number, end: number): number {
    const handler = this.#handler;
    const flags = buffer[at + 4]!;
    const stream = readNumber31(buffer, at + 5);
    const payload = at + FRAME_HEADER;
    switch (buffer[at + 3]) {
      case DATA:
        return this.#beginData(bytes, buffer, at, flags, stream);
      case HEADERS:
        return this.#headers(buffer, payload, end, flags, stream);
      case PRIORITY: {
        if (end - payload !== PRIORITY_SIZE) return handler.onPriorityFrame(stream, FRAME_SIZE_ERROR);
        return handler.onPriorityFrame(stream, dependencyFault(buffer, payload, stream));
      }
      case RST_STREAM:
        return handler.onResetFrame(stream, readNumber(buffer, payload));
      case SETTINGS:
        return (flags & ACK) === 0 ? handler.onSettingsFrame(buffer, payload, end) : handler.onSettingsAck();
      case PING:
        return (flags & ACK) === 0 ? handler.onPingFrame(buffer, payload) : handler.onPingAck();
      case GOAWAY:
        return handler.onGoawayFrame(readNumber31(buffer, payload), readNumber(buffer, payload + NUMBER));
      case WINDOW_UPDATE: {
        const increment = readNumber31(buffer, payload);
        if (increment === 0 && stream === 0) return this.#fail(PROTOCOL_ERROR, 'WINDOW_UPDATE by 0');
        return handler.onWindowUpdateFrame(stream, increment);
      }
      case CONTINUATION:
        return this.#continuation(buffer, payload, end, flags);
      default:
        return handler.onUnknownFrame();
    }
  }

  #beginData(bytes: Bytes, buffer: Buffer, at: number, flags: number, stream: number): number {
    const length = lengthAt(buffer, at);
    const padded = (flags & PADDED) !== 0;
    const padding = padded ? buffer[at + FRAME_HEADER]! : 0;
    const around = padded ? padding + 1 : 0;
    if (around > length) return this.#fail(PROTOCOL_ERROR, 'the padding is longer than its frame');
    this.#stream = stream;
    this.#last = (flags & END_STREAM) !== 0;
    this.#left = length - around;
    this.#padding = padding;
    this.#uncounted = around;
    return this.#left > 0 ? NO_ERROR : this.#passData(bytes, 0, 0);
  }

  #headers(buffer: Buffer, start: number, end: number, flags: number, stream: number): number {
    if ((flags & PADDED) !== 0) {
      end -= buffer[start]!;
      start++;
    }
    let fault: number = NO_ERROR;
    if ((flags & WITH_PRIORITY) !== 0) {
      if (end - start >= PRIORITY_SIZE) fault = dependencyFault(buffer, start, stream);
      start += PRIORITY_SIZE;
    }
    if (start > end) return this.#fail(PROTOCOL_ERROR, 'padding and priority are longer than their frame');
    const last = (flags & END_STREAM) !== 0;
    if ((flags & END_HEADERS) !== 0)
      return this.#handler.onHeadersFrame(stream, buffer, start, end, last, fault);
    this.#blockStream = stream;
    this.#blockLast = last;
    this.#blockFault = fault;
    this.#blockLength = 0;
    this.#continuations = 0;
    this.#addToBlock(buffer, start, end);
    return NO_ERROR;
  }

  #continuation(buffer: Buffer, start: number, end: number, flags: number): number {
    // CVE-2024-27316 and its kind: each of them costs, even an empty one.
    if (++this.#continuations > this.#limits.maxContinuations)
      return this.#fail(ENHANCE_YOUR_CALM, 'too many CONTINUATION frames');
    if (this.#blockLength + end - start > this.#limits.maxBlock)
      return this.#fail(ENHANCE_YOUR_CALM, 'a header block is too large');
    this.#addToBlock(buffer, start, end);
    if ((flags & END_HEADERS) === 0) return NO_ERROR;
    const stream = this.#blockStream;
    const block = this.#block;
    this.#blockStream = 0;
    this.#block = NOTHING;
    return this.#handler.onHeadersFrame(
      stream,
      block,
      0,
      this.#blockLength,
      this.#blockLast,
      this.#blockFault,
    );
  }

  #addToBlock(buffer: Buffer, start: number, end: number): void {
    const length = this.#blockLength + end - start;
    if (this.#block.length < length) {
      const larger = Buffer.allocUnsafe(Math.max(length, this.#block.length * 2));
      this.#block.copy(larger, 0, 0, this.#blockLength);
      this.#block = larger;
    }
    buffer.copy(this.#block, this.#blockLength, start, end);
    this.#blockLength = length;
  }

  #fail(error: number, detail: string): number {
    this.detail = detail;
    return error;
  }
}

function lengthAt(buffer: Buffer, at: number): number {
  return (buffer[at]! << 16) | (buffer[at + 1]! << 8) | buffer[at + 2]!;
}

/** A stream cannot depend on itself (RFC 7540 section 5.3.1; RFC 9113 leaves the rest of priorities to be ignored). */
function dependencyFault(buffer: Buffer, at: number, stream: number): number {
  return readNumber31(buffer, at) === stream ? PROTOCOL_ERROR : NO_ERROR;
}
