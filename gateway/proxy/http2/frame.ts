// The nine octets before every frame (RFC 9113 section 4.1), and the numbers that stand in them.
//
//   length (24) | type (8) | flags (8) | reserved (1), stream (31) | payload

export const FRAME_HEADER = 9;
/** Every peer takes frames of this size, and none larger are sent or taken here (SETTINGS_MAX_FRAME_SIZE stays at it). */
export const FRAME_SIZE = 16_384;
export const LARGEST_FRAME_SIZE = 0xff_ffff;
export const LAST_STREAM = 0x7fff_ffff;

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
export const PADDED = 8;
export const WITH_PRIORITY = 32;

export const NO_FLAGS = 0;

/** What a client sends first (RFC 9113 section 3.4). */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Returns the index after the nine octets. */
export function writeFrameHeader(
  to: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): number {
  to[at] = length >> 16;
  to[at + 1] = length >> 8;
  to[at + 2] = length;
  to[at + 3] = type;
  to[at + 4] = flags;
  return writeNumber(to, at + 5, stream);
}

/** 32 bits, big end first. Returns the index after them. */
export function writeNumber(to: Buffer, at: number, value: number): number {
  to[at] = value >>> 24;
  to[at + 1] = value >>> 16;
  to[at + 2] = value >>> 8;
  to[at + 3] = value;
  return at + 4;
}

export function readNumber(from: Buffer, at: number): number {
  return ((from[at]! << 24) | (from[at + 1]! << 16) | (from[at + 2]! << 8) | from[at + 3]!) >>> 0;
}

/** The lower 31 bits of a number: a stream, or an increment. */
export function readNumber31(from: Buffer, at: number): number {
  return ((from[at]! & 127) << 24) | (from[at + 1]! << 16) | (from[at + 2]! << 8) | from[at + 3]!;
}
