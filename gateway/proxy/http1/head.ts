// The head of one message as the scan found it: numbers only, offsets into the bytes that were scanned. One object per
// direction and worker is used over and over, so a request allocates nothing here; it holds until the next scan.

/** Connection options (RFC 9110 section 7.6.1), as bits. */
export const CLOSE = 1;
export const KEEP_ALIVE = 2;
export const UPGRADE = 4;

/** What the Expect header asks for. */
const EXPECT_NONE = 0;
export const EXPECT_CONTINUE = 1;
export const EXPECT_OTHER = 2;

/** Why a line is not copied: it is hop-by-hop and hidden from matching too, or it is written anew by us. */
export const HOP_BY_HOP = 1;
export const REPLACED = 2;

/** Numbers kept per header line: where the line, the end of its name, and its trimmed value lie. */
export const LINE_WIDTH = 4;
export const NAME_END = 1;
export const VALUE_START = 2;
export const VALUE_END = 3;

export const MAX_LISTED = 32;

export class Head {
  readonly maxLines: number;
  start = 0;
  /** First byte after the empty line. */
  end = 0;
  /** End of the first line, CR LF included. */
  linesStart = 0;
  /** 0 or 1, of HTTP/1.x. */
  minor = 1;
  status = 0;
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  /** Where '?' is in the target, -1 without. */
  queryMark = -1;
  /** The path cannot be used as it stands: escapes, '//', '/.' or another form than "/path". */
  targetOdd = false;
  targetFault = 0;

  /** -1: no Content-Length. */
  contentLength = -1;
  chunked = false;
  options = 0;
  expect = 0;
  websocket = false;
  /** Index of the line, -1 when there is none. */
  host = -1;
  requestId = -1;
  forwardedFor = -1;
  forwardedProto = -1;
  lengthLine = -1;
  codingLine = -1;
  /** Of a response: `Connection: keep-alive` and nothing else, which holds for the client's connection too. */
  keepAliveLine = -1;

  /** Header lines; line n starts at `lines[n * LINE_WIDTH]` and ends where line n + 1 starts. */
  count = 0;
  readonly lines: Int32Array;
  /** HOP_BY_HOP or REPLACED per line. */
  readonly dropped: Uint8Array;
  drops = 0;
  /** Names that Connection lists beyond the known options: start and end of each. */
  listed = 0;
  readonly listedNames: Int32Array = new Int32Array(MAX_LISTED * 2);

  constructor(maxLines: number) {
    this.maxLines = maxLines;
    this.lines = new Int32Array((maxLines + 1) * LINE_WIDTH);
    this.dropped = new Uint8Array(maxLines);
  }

  reset(start: number): void {
    this.start = start;
    this.minor = 1;
    this.queryMark = -1;
    this.targetOdd = false;
    this.targetFault = 0;
    this.contentLength = -1;
    this.chunked = false;
    this.options = 0;
    this.expect = EXPECT_NONE;
    this.websocket = false;
    this.host = -1;
    this.requestId = -1;
    this.forwardedFor = -1;
    this.forwardedProto = -1;
    this.lengthLine = -1;
    this.codingLine = -1;
    this.keepAliveLine = -1;
    this.count = 0;
    this.drops = 0;
    this.listed = 0;
  }

  drop(line: number, why: typeof HOP_BY_HOP | typeof REPLACED): void {
    if (this.dropped[line] === 0) this.drops++;
    this.dropped[line] = why;
  }

  lineStart(line: number): number {
    return this.lines[line * LINE_WIDTH]!;
  }

  nameEnd(line: number): number {
    return this.lines[line * LINE_WIDTH + NAME_END]!;
  }

  valueStart(line: number): number {
    return this.lines[line * LINE_WIDTH + VALUE_START]!;
  }

  valueEnd(line: number): number {
    return this.lines[line * LINE_WIDTH + VALUE_END]!;
  }
}
