// The access log of one worker: one JSON line per request, gathered in a buffer and written once per turn of the loop.
// A sink that cannot take more never holds a request up: lines that do not fit any more are dropped and counted.
// Building a line as one string and copying that once costs half of writing field by field into the buffer.
import { FAILURES, type FailureCode } from '../model/failure.ts';
import type { Recorder } from './recorder.ts';
import { isoTime, jsonText } from './log-text.ts';

const DEFAULT_BUFFER_BYTES = 256 * 1024;
const NEWLINE = 10;

/** Longest text of a field; a longer one is cut. Together a line stays below 4 KiB, which pipes take in one piece. */
const LONG = 1024;
const NAME = 320;
const SHORT = 128;

/** Takes bytes without blocking and says how many it took: 0 when it is full. Never throws. */
export interface AccessLogSink {
  /** Largest piece that the sink writes undivided; pieces end at a line's end where they can. */
  readonly pieceBytes: number;
  write(bytes: Uint8Array): number;
  /** Opens the same place anew, for rotation. Throws an Error with the mend, and goes on with what it had. */
  reopen?(): void;
}

/**
 * What one line tells. The engine keeps one such object per worker (or uses its own stream object) and fills it anew.
 * Texts that came from the wire are latin1, one character per byte, as the framer read them.
 */
export interface AccessLogEntry {
  /** Milliseconds since 1970. */
  readonly startTime: number;
  readonly method: string;
  readonly host: string;
  /** As the client sent it; the query is cut unless the log is opened with `query: true`. */
  readonly path: string;
  readonly protocol: string;
  readonly status: number;
  readonly failure: FailureCode | '';
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMicros: number;
  readonly upstreamMicros: number;
  readonly requestId: string;
  readonly listener: string;
  readonly route: string;
  readonly rule: string;
  readonly cluster: string;
  readonly endpoint: string;
  readonly client: string;
}

export interface AccessLogOptions {
  readonly bufferBytes?: number;
  /** Write the query too. It may hold tokens. */
  readonly query?: boolean;
  /** Counts lines written and dropped. */
  readonly recorder?: Recorder;
}

export class AccessLog {
  readonly #sink: AccessLogSink;
  readonly #buffer: Buffer;
  readonly #query: boolean;
  readonly #recorder: Recorder | undefined;
  #start = 0;
  #end = 0;
  /** Set when the sink refused; cleared by the next turn's flush, so that a full sink costs one call per turn. */
  #blocked = false;

  constructor(sink: AccessLogSink, options: AccessLogOptions = {}) {
    this.#sink = sink;
    this.#buffer = Buffer.allocUnsafeSlow(options.bufferBytes ?? DEFAULT_BUFFER_BYTES);
    this.#query = options.query ?? false;
    this.#recorder = options.recorder;
  }

  /** Bytes that wait for the sink. */
  get pending(): number {
    return this.#end - this.#start;
  }

  record(entry: AccessLogEntry): void {
    const line = formatLine(entry, this.#query);
    if (line.length > this.#buffer.length - this.#end && !this.#makeRoom(line.length)) {
      this.#recorder?.accessLogDropped(1);
      return;
    }
    // A line is pure ASCII: one character, one byte.
    this.#end += this.#buffer.write(line, this.#end, 'latin1');
    this.#recorder?.accessLogWritten(1);
  }

  /** Once per turn of the loop, and until `pending` is 0 when draining. */
  flush(): void {
    this.#blocked = false;
    while (this.#start < this.#end) {
      const taken = this.#sink.write(this.#buffer.subarray(this.#start, this.#pieceEnd()));
      if (taken <= 0) {
        this.#blocked = true;
        return;
      }
      this.#start += taken;
    }
    this.#start = 0;
    this.#end = 0;
  }

  /** For rotation: what is gathered still goes to the old file. Throws what the sink throws; nothing is lost then. */
  reopen(): void {
    this.flush();
    this.#sink.reopen?.();
  }

  #makeRoom(bytes: number): boolean {
    if (!this.#blocked) this.flush();
    if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    return bytes <= this.#buffer.length - this.#end;
  }

  /** Other workers append to the same pipe: a piece that is not divided must not end within a line. */
  #pieceEnd(): number {
    const limit = this.#start + this.#sink.pieceBytes;
    if (limit >= this.#end) return this.#end;
    const newline = this.#buffer.lastIndexOf(NEWLINE, limit - 1);
    return newline >= this.#start ? newline + 1 : limit;
  }
}

function formatLine(entry: AccessLogEntry, withQuery: boolean): string {
  const { failure } = entry;
  const flags = failure === '' ? '-' : FAILURES[failure].flag;
  let path = entry.path;
  if (!withQuery) {
    const query = path.indexOf('?');
    if (query >= 0) path = path.slice(0, query);
  }
  return (
    `{"start_time":"${isoTime(entry.startTime)}","method":"${jsonText(entry.method, SHORT)}"` +
    `,"authority":"${jsonText(entry.host, NAME)}","path":"${jsonText(path, LONG)}"` +
    `,"protocol":"${jsonText(entry.protocol, SHORT)}","response_code":${entry.status}` +
    `,"response_flags":"${flags}","failure":"${failure}"` +
    `,"bytes_received":${entry.bytesIn},"bytes_sent":${entry.bytesOut}` +
    `,"duration_us":${Math.round(entry.durationMicros)},"upstream_duration_us":${Math.round(entry.upstreamMicros)}` +
    `,"request_id":"${jsonText(entry.requestId, SHORT)}","listener":"${jsonText(entry.listener, NAME)}"` +
    `,"route_name":"${jsonText(entry.route, NAME)}","rule":"${jsonText(entry.rule, NAME)}"` +
    `,"upstream_cluster":"${jsonText(entry.cluster, NAME)}","upstream_host":"${jsonText(entry.endpoint, SHORT)}"` +
    `,"downstream_remote_address":"${jsonText(entry.client, SHORT)}"}\n`
  );
}
