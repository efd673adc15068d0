// Answers that the proxy gives itself: one line of text that names the failure and what to do about it.
import { STATUS_CODES } from 'node:http';
import { FAILURES, type FailureCode } from '../../model/failure.ts';

export interface LocalAnswer {
  readonly close: boolean;
  /** The answer to a HEAD request has a length but no body. */
  readonly headOnly: boolean;
}

/** `header`: also say the failure code in `x-sluice-failure`. All texts are the proxy's own: nothing of the request is repeated. */
export function failureAnswer(
  code: FailureCode,
  detail: string,
  header: boolean,
  answer: LocalAnswer,
): string {
  const { status, text, hint } = FAILURES[code];
  const body = `${text}${detail === '' ? '' : `: ${detail}`}\n${hint}\n`;
  const extra = header ? `x-sluice-failure: ${code}\r\n` : '';
  return (
    head(
      status,
      `content-type: text/plain; charset=utf-8\r\n${extra}`,
      Buffer.byteLength(body),
      answer.close,
    ) + (answer.headOnly ? '' : body)
  );
}

/** `location` holds visible ASCII only. */
export function redirectAnswer(status: number, location: string, close: boolean): string {
  return head(status, `location: ${location}\r\n`, 0, close);
}

function head(status: number, lines: string, length: number, close: boolean): string {
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}content-length: ${length}\r\n` +
    `${close ? 'connection: close\r\n' : ''}\r\n`
  );
}
