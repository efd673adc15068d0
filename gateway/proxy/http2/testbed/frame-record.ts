// Writes down what a FrameReader reports. Pieces of one DATA frame are joined, so that a record does not depend on how the
// bytes were cut.
import type { Bytes } from '../../channel.ts';
import { NO_ERROR } from '../error-code.ts';
import { FrameReader, type FrameHandler, type ReaderLimits } from '../frame-reader.ts';

const LIMITS: ReaderLimits = { maxBlock: 40_000, maxContinuations: 4 };

class FrameRecord implements FrameHandler {
  readonly lines: string[] = [];
  #data = '';
  #counted = 0;
  #stream = 0;

  onDataFrame(
    stream: number,
    bytes: Bytes,
    start: number,
    end: number,
    counted: number,
    last: boolean,
  ): number {
    if (stream !== this.#stream) this.flush();
    this.#stream = stream;
    this.#data += bytes.buffer.toString('latin1', start, end);
    this.#counted += counted;
    if (last) this.flush(' last');
    return NO_ERROR;
  }

  onHeadersFrame(
    stream: number,
    block: Buffer,
    start: number,
    end: number,
    last: boolean,
    fault: number,
  ): number {
    const ending = `${last ? ' last' : ''}${fault === 0 ? '' : ` fault ${fault}`}`;
    return this.#note(`headers ${stream} ${block.toString('latin1', start, end)}${ending}`);
  }

  onPriorityFrame(stream: number, fault: number): number {
    return this.#note(`priority ${stream} ${fault}`);
  }

  onResetFrame(stream: number, code: number): number {
    return this.#note(`reset ${stream} ${code}`);
  }

  onSettingsFrame(payload: Buffer, start: number, end: number): number {
    return this.#note(`settings ${payload.toString('hex', start, end)}`);
  }

  onSettingsAck(): number {
    return this.#note('settings ack');
  }

  onPingFrame(payload: Buffer, start: number): number {
    return this.#note(`ping ${payload.toString('latin1', start, start + 8)}`);
  }

  onPingAck(): number {
    return this.#note('ping ack');
  }

  onGoawayFrame(last: number, code: number): number {
    return this.#note(`goaway ${last} ${code}`);
  }

  onWindowUpdateFrame(stream: number, increment: number): number {
    return this.#note(`window ${stream} ${increment}`);
  }

  onUnknownFrame(): number {
    return this.#note('unknown');
  }

  flush(ending = ''): void {
    if (this.#counted > 0 || ending !== '')
      this.lines.push(`data ${this.#stream} ${this.#counted} ${this.#data}${ending}`);
    this.#data = '';
    this.#counted = 0;
  }

  #note(line: string): number {
    this.flush();
    this.lines.push(line);
    return NO_ERROR;
  }
}

/** What is read from `pieces`; the last line is the error, if there was one. */
export function readFrames(
  pieces: readonly Buffer[],
  options: { readonly preface?: boolean; readonly limits?: ReaderLimits } = {},
): string[] {
  const record = new FrameRecord();
  const reader = new FrameReader(record, options.preface ?? false, options.limits ?? LIMITS);
  for (const piece of pieces) {
    const error = reader.read({ buffer: piece, address: 0 }, 0, piece.length);
    if (error === NO_ERROR) continue;
    record.flush();
    record.lines.push(`error ${error}: ${reader.detail}`);
    return record.lines;
  }
  record.flush();
  return record.lines;
}
